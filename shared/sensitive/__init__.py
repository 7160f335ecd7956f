"""What must never be stored as it was sent, and how it is masked at the edge."""
