"""Whether a person may be reached: by every rule, at the moment of contact, with a record of what decided it."""
