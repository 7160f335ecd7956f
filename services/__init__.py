"""Leadline's services: each a process of its own, none importing another."""
