"""Messages and leads on their way to their receivers: tries, retries, dead letters."""
