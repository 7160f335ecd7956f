"""Random schedules against the real settlement and a plain model of what must be. Run: `python -m tests.model`."""
