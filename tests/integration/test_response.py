"""People's half of speed-to-lead over real Postgres: from events in any order to rows, sums and answers."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from leadline.common.v1 import lead_pb2
from leadline.events.v1 import lead_event_pb2 as events
from shared.db.pool import Pool, open_pool
from shared.runtime.ids import uuid7
from shared.runtime.settings import DatabaseSettings
from tests.integration.reporting_world import catch_up, publish, stamp

_T0 = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
_TABLES = ("lead", "response", "response_time", "heat", "hold_out", "speed")


@pytest.fixture
async def reporting(database_url: str) -> AsyncIterator[Pool]:
    async with open_pool(DatabaseSettings(url=database_url), role="leadline_reporting", name="test") as pool:
        yield pool


@pytest.fixture
async def routing(database_url: str) -> AsyncIterator[Pool]:
    async with open_pool(DatabaseSettings(url=database_url), role="leadline_routing", name="test") as pool:
        yield pool


def _event(lead_id: str, at: datetime, **body: Any) -> events.LeadEvent:
    return events.LeadEvent(event_id=uuid7(), buyer_id="big-bank", lead_id=lead_id, occurred_at=stamp(at), **body)


def lead_events(
    bought: datetime,
    *,
    attempts: tuple[float, ...] = (),
    live: float | None = None,
    said: tuple[str, ...] = (),
    seller: str = "marco",
    agent: str = "ann",
    arm: str = "",
    delay: int = 0,
    lawful_ms: int = -1,
) -> list[events.LeadEvent]:
    """Everything that is told of one bought lead; times in seconds after the purchase."""
    lead_id, decided = uuid7(), stamp(bought)
    whose: dict[str, Any] = {"seller": seller, "source": f"{seller}.example", "order": "auto"}
    told = [
        _event(
            lead_id,
            bought,
            decided=events.LeadDecided(
                accepted=True,
                seller=seller,
                source=f"{seller}.example",
                order=lead_pb2.OrderRef(order="auto", version=1),
                price=lead_pb2.Money(amount_minor=3200, currency="USD"),
                team="east",
                clock=events.ClockPoints(
                    submitted_at=stamp(bought - timedelta(seconds=2)),
                    received_at=stamp(bought - timedelta(milliseconds=20)),
                    decided_at=decided,
                ),
            ),
        ),
        _event(
            lead_id,
            bought,
            follow_up_started=events.FollowUpStarted(
                playbook="exclusive", team="east", decided_at=decided, arm=arm, delay_seconds=delay, **whose
            ),
        ),
        _event(
            lead_id,
            bought,
            task_created=events.TaskCreated(
                task_id=lead_id,
                team="east",
                seller=seller,
                source=f"{seller}.example",
                decided_at=decided,
                created_at=stamp(bought + timedelta(milliseconds=30 + 1000 * delay * (arm == "held_back"))),
            ),
        ),
        _event(
            lead_id,
            bought,
            attempt_made=events.AttemptMade(
                attempt_id=uuid7(),
                channel="email",
                automatic=True,
                began_at=stamp(bought + timedelta(milliseconds=50)),
                decided_at=decided,
                **whose,
            ),
        ),
    ]
    if attempts:
        told.append(
            _event(
                lead_id,
                bought,
                task_assigned=events.TaskAssigned(
                    task_id=lead_id,
                    team="east",
                    agent=agent,
                    at=stamp(bought + timedelta(seconds=attempts[0] - 10)),
                    decided_at=decided,
                    **whose,
                ),
            )
        )
    for number, seconds in enumerate(attempts):
        began = bought + timedelta(seconds=seconds)
        reached = live is not None and seconds == live
        told.append(
            _event(
                lead_id,
                began,
                attempt_made=events.AttemptMade(
                    attempt_id=uuid7(),
                    channel="call",
                    team="east",
                    agent=agent,
                    began_at=stamp(began),
                    live=reached,
                    live_at=stamp(began + timedelta(seconds=8)) if reached else None,
                    decided_at=decided,
                    lawful_milliseconds=lawful_ms if number == 0 else -1,
                    **whose,
                ),
            )
        )
    for word in said:
        at = bought + timedelta(seconds=600)
        told.append(
            _event(
                lead_id,
                at,
                disposition_set=events.DispositionSet(
                    disposition=word, team="east", agent=agent, at=stamp(at), **whose
                ),
            )
        )
    return told


def _market() -> list[events.LeadEvent]:
    told = []
    for number in range(30):
        bought = _T0 + timedelta(minutes=7 * number)
        told += lead_events(
            bought,
            attempts=(20 + 40.0 * number, 5000) if number % 3 else (),
            live=5000 if number % 2 else None,
            said=("appointment",) if number % 5 == 1 else (),
            seller="polo" if number % 4 == 0 else "marco",
            agent="bob" if number % 7 == 0 else "ann",
            arm=("at_once", "held_back", "")[number % 3],
            delay=1800 if number % 3 < 2 else 0,
            lawful_ms=number * 1000,
        )
    return told


async def _rows(pool: Pool) -> dict[str, set[str]]:
    """Every row of the read model that says anything, its buckets sorted."""
    rows: dict[str, set[str]] = {}
    for table in _TABLES:
        found = await pool.fetch(f"SELECT * FROM reporting.{table}")
        told = set()
        for row in found:
            fields = dict(row)
            if "buckets" in fields:
                fields["buckets"] = sorted(zip(fields["buckets"], fields.pop("counts"), strict=True))
            if any(number for number in fields.values() if isinstance(number, int | list)) or table == "lead":
                told.add(repr(sorted(fields.items())))
        rows[table] = told
    return rows


async def test_any_order_repetition_and_projectors_side_by_side_leave_the_same_rows(
    reporting: Pool, routing: Pool
) -> None:
    told = _market()
    await publish(routing, told)
    await catch_up(reporting)
    once = await _rows(reporting)
    assert all(once.values())

    await reporting.execute(f"TRUNCATE {', '.join(f'reporting.{table}' for table in _TABLES)}")
    # Of a decision each stage is simply added up: the outbox delivers it once in effect.
    again = [event for event in told if event.WhichOneof("body") != "decided"]
    for event in (shuffled := random.Random(3).sample([*told, *again], len(told) + len(again))):
        event.event_id = uuid7()
    await publish(routing, list({event.event_id: event for event in shuffled}.values()))
    await publish(routing, [_again(event) for event in again])
    await asyncio.gather(*(catch_up(reporting, batch=11) for _ in range(3)))
    assert await _rows(reporting) == once


def _again(event: events.LeadEvent) -> events.LeadEvent:
    copy = events.LeadEvent()
    copy.CopyFrom(event)
    copy.event_id = uuid7()
    return copy
