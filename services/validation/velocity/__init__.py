"""One person's details scattered over many leads, and one program's many people."""
