"""From the outbox into the read model."""

from __future__ import annotations

from collections.abc import Sequence

from services.reporting.events import read
from services.reporting.projector import project
from services.reporting.store import Store
from shared.db.outbox import OutboxMessage
from shared.db.pool import Connection


class Projection:
    """Counts batches of events, each in the transaction that took them."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def handle(self, connection: Connection, messages: Sequence[OutboxMessage]) -> None:
        """Count these events.

        Raises:
            google.protobuf.message.DecodeError: one of them cannot be read; none is counted.
        """
        events = [event for message in messages if (event := read(message.payload)) is not None]
        await self._store.add(connection, project(events))
