"""A clock of five minutes on the wall, and what it may be told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from services.routing.sla.calendar import WALL, Calendar
from services.routing.sla.clock import Attempt, Start, plan
from shared.catalog.sales import Sla

#: A Monday, 10:00 in New York.
NOW = datetime(2026, 11, 23, 15, tzinfo=UTC)
LEAD = UUID("019ac1d6-0000-7000-8000-000000000001")


def started(sla: Sla | None = None, calendar: Calendar = WALL, lead_id: UUID = LEAD, **facts: Any) -> Start:
    """A clock that starts at NOW."""
    given: dict[str, Any] = {
        "buyer_id": "big-bank",
        "lead_id": lead_id,
        "task_id": lead_id,
        "order": "marco-auto-2026",
        "team": "auto-east",
        "seller": "marco",
        "source": "cars.example",
        "catalog_revision": 1,
        "started_at": NOW,
    }
    return plan(**{**given, **facts}, sla=sla or Sla(seconds=300), calendar=calendar)


def attempt(seconds: float, number: int = 1, agent: str = "ann") -> Attempt:
    """A person's attempt so many seconds after NOW."""
    began_at = NOW + timedelta(seconds=seconds)
    return Attempt(attempt_id=UUID(int=number), began_at=began_at, team="auto-east", agent=agent)
