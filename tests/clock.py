"""A clock that moves only when told to."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


class FakeClock:
    """Starts at `start` (aware; default 2026-11-22 10:00 UTC) and stands still until `advance`."""

    def __init__(self, start: datetime = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)) -> None:
        if start.tzinfo is None:
            raise ValueError("start: expected an aware datetime")
        self._now = start.astimezone(UTC)
        self._monotonic = 0.0

    def now(self) -> datetime:
        """The instant, aware, in UTC."""
        return self._now

    def monotonic(self) -> float:
        """Seconds advanced so far."""
        return self._monotonic

    def advance(self, seconds: float) -> None:
        """Moves both readings forward. A negative number is refused: use `jump` for a corrected wall clock."""
        if seconds < 0:
            raise ValueError("seconds: expected 0 or more")
        self._monotonic += seconds
        self._now += timedelta(seconds=seconds)

    def jump(self, to: datetime) -> None:
        """Sets the wall clock alone, forward or back, as a time correction does."""
        self._now = to.astimezone(UTC)
