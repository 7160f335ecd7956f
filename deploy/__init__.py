"""How Leadline is installed, started and shipped."""
