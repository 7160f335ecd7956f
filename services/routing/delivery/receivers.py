"""Receivers by the catalog in force: a corrected address serves what already waits for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from services.routing.delivery.delivery import Delivery
from shared.catalog.receiving import Receiver
from shared.catalog.snapshot import CatalogReader, CatalogView
from shared.runtime.clock import Clock

#: Seconds after which a change of the catalog is noticed.
_FRESH_SECONDS = 2.0


class UnknownReceiverError(LookupError):
    """The catalog in force has no such receiver of that kind."""


class Revisions(Protocol):
    """Who knows the revision in force; see `services.routing.delivery.store.DeliveryStore`."""

    async def revision_in_force(self, buyer_id: str) -> int:
        """The buyer's present catalog revision; 0 where there is none."""


@dataclass(frozen=True, slots=True)
class Handover:
    """A delivery's receiver, with the catalog that says so and the one by which the lead was bought."""

    receiver: Receiver
    view: CatalogView
    bought: CatalogView


class Receivers:
    """Finds receivers; asks for the revision in force at most every few seconds."""

    def __init__(self, revisions: Revisions, catalogs: CatalogReader, clock: Clock) -> None:
        self._revisions = revisions
        self._catalogs = catalogs
        self._clock = clock
        self._in_force: dict[str, tuple[int, float]] = {}

    async def find(self, delivery: Delivery) -> Handover:
        """Where a delivery goes now.

        Raises:
            UnknownReceiverError: nowhere.
            AppError: the catalog cannot be read now.
        """
        buyer_id = delivery.lead.buyer_id
        view = await self._catalogs.get(buyer_id, await self._revision(buyer_id))
        receiver = view.receiver(delivery.receiver)
        if receiver is None or receiver.kind != delivery.channel:
            raise UnknownReceiverError(f"the catalog has no {delivery.channel} receiver {delivery.receiver}")
        return Handover(receiver, view, await self._catalogs.get(buyer_id, delivery.lead.catalog_revision))

    async def _revision(self, buyer_id: str) -> int:
        now = self._clock.monotonic()
        revision, until = self._in_force.get(buyer_id, (0, 0.0))
        if now >= until:
            revision = await self._revisions.revision_in_force(buyer_id)
            self._in_force[buyer_id] = (revision, now + _FRESH_SECONDS)
        return revision
