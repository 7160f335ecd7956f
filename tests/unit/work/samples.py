"""An instant for everybody."""

from __future__ import annotations

from datetime import UTC, datetime

START = datetime(2026, 11, 22, 15, 0, tzinfo=UTC)
