"""Normalises leads, verifies them, tells their type and holds them against orders. Knows no earlier lead."""
