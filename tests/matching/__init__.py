"""How well people are matched, measured on labelled pairs. Run: `python -m tests.matching`."""
