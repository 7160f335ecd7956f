"""Postgres: pools under a service's own role, migrations, and the outbox."""
