"""Which revision of a catalog is in force when. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple


class Dated(NamedTuple):
    """A revision and the instant from which it may be in force."""

    revision: int
    effective_at: datetime


def timeline(revisions: Iterable[Dated], since: datetime) -> tuple[Dated, ...]:
    """The revisions in force at `since` or later, each until the next one's instant, in the order of their instants.

    In force at an instant is the newest revision whose own has come. Before the first of them all, the first.
    """
    line: list[Dated] = []
    for dated in sorted(revisions):
        # A newer one whose instant is not later leaves the older one no time.
        while line and line[-1].effective_at >= dated.effective_at:
            line.pop()
        line.append(dated)
    begun = sum(dated.effective_at <= since for dated in line)
    return tuple(line[max(begun - 1, 0) :])


def in_force(line: Sequence[Dated], at: datetime) -> Dated:
    """The one of a timeline that is in force at an instant; a timeline has at least one."""
    return next((dated for dated in reversed(line) if dated.effective_at <= at), line[0])
