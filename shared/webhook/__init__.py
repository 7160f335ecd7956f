"""Carrying something to an address that somebody else named: signed, guarded, bounded."""
