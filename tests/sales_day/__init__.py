"""A day in a sales team, on a fake clock: twenty agents, shifts, sick calls and two thousand leads.

The work queue, the clocks and their alarms are the real ones, on a real Postgres. What they report is held against a
reckoning that shares no code with them (`reckoning.py`). `python -m tests.sales_day` prints the day.
"""
