"""What reporting's tests share: the projection over a pool, and events written to the outbox and taken from it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from google.protobuf.timestamp_pb2 import Timestamp

from leadline.events.v1 import lead_event_pb2 as events
from services.reporting.projection import Projection
from services.reporting.store import CONSUMER, Store
from services.reporting.story_store import StoryStore
from services.reporting.telemetry import ResponseTelemetry
from shared.db import outbox
from shared.db.outbox import OutboxConsumer, OutboxRow
from shared.db.pool import Pool
from shared.telemetry.metrics import Metrics


class NoBell:
    """Nobody rings."""

    async def wait(self, timeout: float) -> bool:
        """Return at once."""
        return False


def projection(pool: Pool, metrics: Metrics | None = None) -> Projection:
    """The projection as the process builds it."""
    return Projection(Store(pool), StoryStore(pool), ResponseTelemetry(metrics or Metrics()))


async def publish(pool: Pool, published: Sequence[events.LeadEvent]) -> None:
    """Write events to the outbox; `pool`: of a role that may."""
    rows = [
        OutboxRow(event.buyer_id, CONSUMER, str(event.WhichOneof("body")), event.SerializeToString(), event.event_id)
        for event in published
    ]
    async with pool.acquire() as connection, connection.transaction():
        await outbox.put(connection, rows)


async def catch_up(pool: Pool, batch: int = 200, metrics: Metrics | None = None) -> None:
    """Project until nothing is left."""
    projecting = projection(pool, metrics)
    consumer = OutboxConsumer(pool, CONSUMER, projecting.handle, NoBell(), batch=batch, committed=projecting.committed)
    while await consumer.step():
        pass


def stamp(instant: datetime) -> Timestamp:
    """An instant as events carry it."""
    made = Timestamp()
    made.FromDatetime(instant)
    return made
