"""What a process tells about itself, and what it never tells: logs, traces and metrics without personal data."""
