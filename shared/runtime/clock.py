"""Time as something that is passed in, so that every rule about time can be tested without waiting."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Where a process gets the time from."""

    def now(self) -> datetime:
        """The instant, aware, in UTC. May jump when the machine's clock is corrected."""
        ...

    def monotonic(self) -> float:
        """Seconds since an arbitrary point; never goes back. Only differences mean something."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """The instant, aware, in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds since an arbitrary point; never goes back."""
        return time.monotonic()
