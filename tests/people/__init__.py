"""Made-up people, as forms receive them."""
