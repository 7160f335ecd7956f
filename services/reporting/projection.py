"""From the outbox into the read model."""

from __future__ import annotations

from collections.abc import Sequence

from services.reporting.events import counted, read
from services.reporting.projector import Increments, project
from services.reporting.response_sums import ResponseSums
from services.reporting.store import Store
from services.reporting.story import Story
from services.reporting.story_events import story_of
from services.reporting.story_store import LeadKey, StoryStore
from services.reporting.telemetry import ResponseTelemetry
from shared.db.outbox import OutboxMessage
from shared.db.pool import Connection


class Projection:
    """Counts batches of events, each in the transaction that took them."""

    def __init__(self, store: Store, stories: StoryStore, telemetry: ResponseTelemetry) -> None:
        self._store = store
        self._stories = stories
        self._telemetry = telemetry
        self._uncommitted: list[tuple[Story | None, Story]] = []

    async def handle(self, connection: Connection, messages: Sequence[OutboxMessage]) -> None:
        """Count these events.

        Raises:
            google.protobuf.message.DecodeError: one of them cannot be read; none is counted.
        """
        self._uncommitted = []
        events = [read(message.payload) for message in messages]
        increments = project(one for event in events if (one := counted(event)) is not None)
        told: dict[LeadKey, Story] = {}
        for event in events:
            part = story_of(event)
            if part is not None:
                key = (event.buyer_id, event.lead_id)
                known = told.get(key)
                told[key] = part if known is None else known.joined(part)
        await self._tell(connection, told, increments)
        await self._store.add(connection, increments)

    def committed(self) -> None:
        """What was handled last is true now: tell metrics and traces."""
        for before, after in self._uncommitted:
            self._telemetry.grown(before, after)
        self._uncommitted = []

    async def _tell(self, connection: Connection, told: dict[LeadKey, Story], increments: Increments) -> None:
        grown = await self._stories.grow(connection, told)
        sums = ResponseSums()
        for (buyer_id, _), before, after in grown:
            sums.change(buyer_id, before, after)
        increments.speed |= sums.speed()
        await self._stories.add(connection, sums.response(), sums.heat(), sums.held())
        self._uncommitted = [(before, after) for _, before, after in grown]
