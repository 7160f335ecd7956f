"""Everything that is told of one lead, as the services tell it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from leadline.common.v1 import lead_pb2
from leadline.events.v1 import lead_event_pb2 as events
from shared.runtime.ids import uuid7
from tests.integration.reporting_world import stamp


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
