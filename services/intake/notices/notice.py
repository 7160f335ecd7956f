"""Which steps of a return its seller is told of, and in which words. Pure."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec

from services.intake.returns.lifecycle import State
from services.intake.returns.record import Happening, Return

_IDS = uuid.UUID("6f0c1f0e-5d1b-5c55-9c6a-6d0f3d1a7f52")

#: By action and the state after it; what is not here is told to nobody. A refused request was the buyer's mistake.
TYPES: Mapping[tuple[str, State], str] = {
    ("request", "open"): "return.requested",
    ("request", "granted"): "return.granted",
    ("agree", "granted"): "return.granted",
    ("lapse", "granted"): "return.granted",
    ("contest", "contested"): "return.contested",
    ("dispute", "disputed"): "return.disputed",
    ("uphold", "granted"): "return.upheld",
    ("yield", "reversed"): "return.reversed",
    ("yield", "refused"): "return.refused",
    ("reinstate", "granted"): "return.reinstated",
    ("withdraw", "withdrawn"): "return.withdrawn",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One event for one seller. `payload`: the JSON that is sent, the same bytes each time."""

    buyer_id: str
    notice_id: str
    seller: str
    type: str
    payload: str
    created_at: datetime


def notice_of(one: Return, happened: Happening) -> Notice | None:
    """What the seller is told of a step; None: nothing. The same step has the same id."""
    kind = TYPES.get((happened.action, happened.state))
    if kind is None:
        return None
    payload = {"type": kind, "timestamp": _moment(happened.at), "data": _data(one)}
    return Notice(
        buyer_id=one.buyer_id,
        notice_id=str(uuid.uuid5(_IDS, f"{one.buyer_id}:{one.return_id}:{one.steps}")),
        seller=one.seller,
        type=kind,
        payload=msgspec.json.encode(payload).decode(),
        created_at=happened.at,
    )


def _data(one: Return) -> dict[str, object]:
    """As `GET /v1/returns/{id}` tells it, without the history."""
    data: dict[str, object] = {
        "id": one.return_id,
        "lead_id": one.lead_id,
        "order": f"{one.order_slug}@{one.order_version}",
        "reason": one.reason,
        "state": one.state,
        "amount": {"amount": f"{one.amount_minor // 100}.{one.amount_minor % 100:02d}", "currency": one.currency},
        "settlement": one.settlement,
        "requested_at": _moment(one.requested_at),
    }
    if one.answer_by is not None:
        data["answer_by"] = _moment(one.answer_by)
    if one.state == "granted" and one.dispute_by is not None:
        data["dispute_by"] = _moment(one.dispute_by)
    return data


def _moment(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
