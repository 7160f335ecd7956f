"""Playbooks: what is done about a bought lead, step by step, until something ends it."""
