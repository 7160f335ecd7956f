"""What every Leadline process is built from; knows no service."""
