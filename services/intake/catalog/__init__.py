"""What the buyer buys, from whom, on which terms, and the keys that tell sellers apart."""
