"""How services speak to each other: one error vocabulary, one server builder, one client."""
