"""Whether a program filled in the form."""
