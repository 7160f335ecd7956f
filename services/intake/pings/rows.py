"""What the ping desk hands to its store; fields in the order of the Postgres type (migrations/0012_pre_pings.sql)."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, NamedTuple


class PingRow(NamedTuple):
    """A ping that was decided."""

    ping_id: str
    seller: str
    submission_key: str
    content_hash: bytes
    outcome: Literal["bid", "no_bid"]
    order: str | None
    order_version: int | None
    price_minor: int
    currency: str
    catalog_revision: int
    test: bool
    received_at: datetime
    decided_at: datetime
    expires_at: datetime | None
    answer: bytes
    told: bytes
