"""Lead ids as they come from outside."""

from __future__ import annotations

import re

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)


def is_lead_id(text: str) -> bool:
    """True for a UUID in its usual spelling. Anything else names no lead, so it is not an error of its own."""
    return _UUID.fullmatch(text) is not None
