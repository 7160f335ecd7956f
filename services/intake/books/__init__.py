"""The books: every movement of money between the buyer and a seller, statements of it, and their proof."""
