"""The HTTP edge: reads what sellers post in any of their formats, hands it to intake, answers in one shape."""
