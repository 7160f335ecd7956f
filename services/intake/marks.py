"""Marks that a decision puts on leads: a person like one that was bought, an exclusive lead that is none."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator

import msgspec

from leadline.dedup.v1 import dedup_service_pb2
from leadline.events.v1 import lead_event_pb2
from services.intake.draft import Draft
from services.intake.rows import MarkRow
from shared.db.outbox import OutboxRow

#: Makes the event of a mark the same each time it is written.
_EVENTS = uuid.UUID("5f0b9f0e-93a5-5c0e-8a52-0d6f3e6f7a11")


def marks_of(draft: Draft) -> Iterator[MarkRow]:
    """The marks that a decided draft puts on itself and on earlier leads."""
    if draft.checked is None or draft.test:
        return
    for breach in draft.checked.breaches:
        evidence = _evidence_of(breach)
        yield MarkRow(breach.lead_id, "not_exclusive", draft.lead_id, evidence)
        yield MarkRow(draft.lead_id, "breaks_exclusivity", breach.lead_id, evidence)
    if not draft.accepted:
        return
    for check in draft.checked.candidates:
        if check.order.order == draft.order:
            for alike in check.alike:
                evidence = _json({"score": alike.score, "why": list(alike.why)})
                yield MarkRow(draft.lead_id, "possible_duplicate", alike.lead_id, evidence)


def told_marks(draft: Draft, marks: Iterable[MarkRow]) -> Iterator[OutboxRow]:
    """The events of a draft's marks, for reporting."""
    sellers = {breach.lead_id: breach.seller for breach in draft.checked.breaches} if draft.checked else {}
    for mark in marks:
        event = lead_event_pb2.LeadEvent(
            event_id=str(uuid.uuid5(_EVENTS, f"{mark.lead_id} {mark.flag} {mark.other_lead}")),
            buyer_id=draft.buyer_id,
            lead_id=mark.lead_id,
            occurred_at=draft.clock.decided_at,
            traceparent=draft.submission.traceparent,
            flagged=lead_event_pb2.LeadFlagged(
                flag=mark.flag, seller=sellers.get(mark.lead_id, draft.seller), other_lead_id=mark.other_lead
            ),
        )
        yield OutboxRow(draft.buyer_id, "reporting", "flagged", event.SerializeToString(), event.event_id)


def _evidence_of(breach: dedup_service_pb2.Breach) -> str:
    evidence: dict[str, object] = {
        "exclusive_until": breach.exclusive_until.ToJsonString(),
        "shared": [{"kind": one.kind, "digest": one.digest.hex()} for one in breach.shared],
    }
    if breach.score:
        evidence["score"] = breach.score
    return _json(evidence)


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
