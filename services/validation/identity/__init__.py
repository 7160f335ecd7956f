"""Whether the parts of a lead belong to one real person."""
