"""Whether a lead's person may be called at a moment, so that nobody is given a call that may not be made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Callability:
    """What is known of one lead."""

    #: True: a call is lawful now, as far as hours go; the contact gate judges the rest when it is made.
    now: bool
    #: Where not now: when; None: never, because the lead was forgotten or nobody may be called there.
    not_before: datetime | None = None


class Hours(Protocol):
    """Tells of leads whether they may be called."""

    async def judge(self, buyer_id: str, lead_ids: Sequence[UUID], at: datetime) -> Mapping[UUID, Callability]:
        """One answer a lead.

        Raises:
            AppError: it cannot be known now; then nobody is called.
        """
        ...
