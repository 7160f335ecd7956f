"""A careful clerk's own judgement of values and leads, and how the product stands against it.

`fields/*.jsonl` and `leads/*.jsonl` were written from knowledge of the world, before their author had read
how the product reads anything. `python -m tests.clerk` holds the product to them and prints a table.
"""
