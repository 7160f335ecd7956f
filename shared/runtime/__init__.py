"""What every process needs whatever it does: settings, clock, ids, life cycle, batching."""
