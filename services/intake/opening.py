"""A submission's first look: who sends it, and is it one that can be taken at all.

Everything that can be refused without I/O is refused here, before anything is stored.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Protocol

from leadline.common.v1 import lead_pb2
from leadline.events.v1 import lead_event_pb2
from services.intake import sandbox
from services.intake.candidates import choose_candidates
from services.intake.catalog.directory import Directory
from services.intake.catalog.scope import Scope
from services.intake.draft import Draft, moment
from services.intake.masking import mask
from services.intake.pings.token import MOST_CHARACTERS
from services.intake.submission import content_hash, submission_key
from shared.catalog.snapshot import CatalogView
from shared.rpc.errors import KeyScope, Malformed, Violation
from shared.runtime.clock import Clock
from shared.runtime.ids import uuid7
from shared.telemetry.tracing import new_traceparent, sampled

#: The most fields a lead may carry, and the most characters a field may hold.
MOST_FIELDS = 200
MOST_FIELD_CHARACTERS = 8192
MOST_NAME_CHARACTERS = 255
#: The most characters of what is not a field; a source may be a whole URL.
_IDENTIFIERS = (
    ("order", 63),
    ("source", 2048),
    ("sub_source", 256),
    ("external_id", 256),
    ("idempotency_key", 256),
    ("bid_token", MOST_CHARACTERS),
)
#: 2100-01-01T00:00:00Z in seconds since the epoch.
LAST_SECOND = 4_102_444_800
#: The most bytes of a body kept as evidence.
MOST_PAYLOAD_BYTES = 256 * 1024


class Item(Protocol):
    """What came with a key: a post, or a ping."""

    @property
    def access_key(self) -> str: ...

    @property
    def submission(self) -> lead_pb2.Submission: ...


class Opening:
    """Turns submissions into drafts."""

    def __init__(self, directory: Directory, clock: Clock, *, trace_ratio: float) -> None:
        """`trace_ratio`: the share of leads traced among those that arrive without a trace context."""
        self._directory = directory
        self._clock = clock
        self._trace_ratio = trace_ratio

    def open(self, item: Item, scope: Scope = "post") -> Draft:
        """Authenticate and check one item.

        `scope`: what its access key must be good for.

        Raises:
            KeyMissing, KeyInvalid: the access key.
            KeyScope: the order named is not this key's, or it may not post.
            Malformed: the submission cannot be stored as it is; names each field.
        """
        now = self._clock.now()
        key = self._directory.authenticate(item.access_key, now, scope)
        sent = item.submission
        fields = dict(sent.fields)
        check_shape(sent, fields)
        # By the terms of its receipt, which the edge's clock says and which cannot lie ahead.
        received_at = min(moment(sent.received_at), now) if sent.HasField("received_at") else now
        view = self._directory.current(key.buyer_id, received_at)
        candidates = choose_candidates(
            sent.order,
            view.order(sent.order) if sent.order else None,
            view.orders_of(key.seller),
            seller=key.seller,
            key_orders=key.orders,
        )
        if candidates.forbidden:
            raise KeyScope(
                "this access key may not fill that order", violations=[Violation("order", "an order of this key")]
            )
        payload = mask(sent, fields, view.sensitive_fields)
        sent.ClearField("payload")
        if not sent.traceparent:
            sent.traceparent = new_traceparent(sampled(self._trace_ratio))
        # Over what is masked: the hash is stored, and a hash of nine digits can be turned back.
        content = content_hash(_scalars(sent), fields)
        return Draft(
            lead_id=uuid7(),
            view=view,
            seller=key.seller,
            own=is_own(view, key.seller),
            candidates=candidates,
            key_orders=tuple(key.orders),
            access_key_id=key.key_id,
            rate=key.rate,
            submission=sent,
            payload=payload,
            key=submission_key(
                idempotency_key=sent.idempotency_key, external_id=sent.external_id, content_hash=content
            ),
            content_hash=content,
            test=sandbox.is_test(sent.test, fields),
            clock=_clock_points(sent, now),
        )


def check_shape(sent: lead_pb2.Submission, fields: Mapping[str, str]) -> None:
    """Refuse what cannot be stored. `fields`: those of the submission.

    The gateway checks the same and tells the position; this is for callers inside the house.

    Raises:
        Malformed: names every field at fault, never its value.
    """
    violations = []
    for name, most in _IDENTIFIERS:
        text = getattr(sent, name)
        if len(text) > most or "\x00" in text:
            violations.append(Violation(name, f"at most {most} characters, none of them NUL"))
    if len(fields) > MOST_FIELDS:
        violations.append(Violation("fields", f"at most {MOST_FIELDS} fields"))
    if fields and not _is_plain(fields):
        expected = f"at most {MOST_FIELD_CHARACTERS} characters, none of them NUL"
        violations += [Violation(f"fields.{n[:64]!r}", expected) for n, v in fields.items() if not _is_plain({n: v})]
    for name, instant in (
        ("submitted_at", sent.submitted_at),
        ("received_at", sent.received_at),
        ("consent.captured_at", sent.consent.captured_at),
    ):
        if not 0 <= instant.seconds <= LAST_SECOND or not 0 <= instant.nanos < 1_000_000_000:
            violations.append(Violation(name, "an instant between 1970 and 2100"))
    if len(sent.payload) > MOST_PAYLOAD_BYTES:
        violations.append(Violation("payload", f"at most {MOST_PAYLOAD_BYTES} bytes"))
    if violations:
        raise Malformed("the submission cannot be stored as it is", violations=violations)


def _is_plain(fields: Mapping[str, str]) -> bool:
    """True where every name and value can be stored; at least one field."""
    return (
        max(map(len, fields.values())) <= MOST_FIELD_CHARACTERS
        and max(map(len, fields)) <= MOST_NAME_CHARACTERS
        and "\x00" not in "".join(fields.values())
        and "\x00" not in "".join(fields)
    )


def is_own(view: CatalogView, seller: str) -> bool:
    """True where the seller is the buyer's own site."""
    known = view.seller(seller)
    return known.own if known else False


def _scalars(sent: lead_pb2.Submission) -> Iterable[str]:
    """The content besides the fields. The trace, the time of receipt and the format are not content."""
    consent, signals = sent.consent, sent.signals
    return (
        sent.order,
        sent.source,
        sent.sub_source,
        sent.external_id,
        f"{sent.submitted_at.seconds}.{sent.submitted_at.nanos}",
        str(sent.test),
        consent.text,
        f"{consent.captured_at.seconds}.{consent.captured_at.nanos}",
        consent.ip,
        consent.page_url,
        consent.certificate,
        signals.user_agent,
        str(signals.seconds_on_form) if signals.HasField("seconds_on_form") else "",
        signals.honeypot,
        *_later(signals),
        # Likewise: without a bid, the content is what it was before there were any.
        *((f"bid={sent.bid_token}",) if sent.bid_token else ()),
    )


def _later(signals: lead_pb2.Signals) -> Iterable[str]:
    """Signals that were added later: content that tells none of them keeps the hash that it always had."""
    told = [f"{field.name}={value}" for field, value in signals.ListFields() if field.number > 3]
    return ("\n".join(told),) if told else ()


def _clock_points(sent: lead_pb2.Submission, now: datetime) -> lead_event_pb2.ClockPoints:
    clock = lead_event_pb2.ClockPoints()
    clock.intake_at.FromDatetime(now)
    if not sent.HasField("received_at"):
        sent.received_at.FromDatetime(now)
    clock.received_at.CopyFrom(sent.received_at)
    if sent.HasField("submitted_at"):
        clock.submitted_at.CopyFrom(sent.submitted_at)
    return clock
