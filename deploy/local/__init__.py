"""The whole of Leadline on one machine, with nothing installed but Python."""
