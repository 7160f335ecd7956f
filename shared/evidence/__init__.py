"""Evidence as it is handed to others: packed, signed, and checked offline."""
