"""What one insertion order asks of a lead."""
