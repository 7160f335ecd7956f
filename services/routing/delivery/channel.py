"""What takes deliveries of one kind. Every failure is an outcome, none an exception."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from services.routing.delivery.delivery import Delivery, Outcome
from services.routing.gate.person import Person


class Channel(Protocol):
    """Takes one delivery at a time; see `services.routing.messages.email_channel.EmailChannel`."""

    async def send(self, delivery: Delivery, person: Person, *, begin_before: float) -> Outcome:
        """Hand one over.

        Two calls for one delivery are two copies of one message: they carry the delivery's id.

        Args:
            delivery: what to hand over.
            person: whom it is about, as intake tells it now; not to be kept.
            begin_before: monotonic seconds; what cannot be begun by then is postponed, for its lease runs out.
        """


class BatchChannel(Protocol):
    """Takes what is due for one receiver together; see `services.routing.delivery.csv_channel.CsvChannel`."""

    async def send_all(self, batch: Sequence[tuple[Delivery, Person]]) -> list[Outcome]:
        """Hand all over, in one piece; one outcome for each, by index."""
