"""Packs of evidence: everything known of one lead, gathered, signed and handed over."""
