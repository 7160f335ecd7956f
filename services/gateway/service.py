"""Between the wire's messages and the gateway's own shapes; nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Protocol

import msgspec

from leadline.common.v1 import error_reason_pb2, lead_pb2, reason_pb2
from leadline.intake.v1 import intake_service_pb2 as pb
from leadline.intake.v1 import ledger_service_pb2 as ledger_pb
from services.gateway.answers import (
    Answer,
    Maybe,
    Price,
    ReasonGiven,
    RuleNotMet,
    Statement,
    StatementEntry,
    StatementLine,
)
from services.gateway.posted import PostedLead
from shared.rpc.explain import Explained, explain
from shared.statement_table import instant, kind_of

JSON = lead_pb2.SUBMISSION_FORMAT_JSON
FORM = lead_pb2.SUBMISSION_FORMAT_FORM
ADF = lead_pb2.SUBMISSION_FORMAT_ADF
GOOGLE_ADS = lead_pb2.SUBMISSION_FORMAT_GOOGLE_ADS
META = lead_pb2.SUBMISSION_FORMAT_META

OUTCOMES: Mapping[pb.Outcome.ValueType, str] = {
    pb.OUTCOME_ACCEPTED: "accepted",
    pb.OUTCOME_REJECTED: "rejected",
    pb.OUTCOME_PENDING: "pending",
}
#: Public code of every reason.
REASON_CODES: Mapping[int, str] = {
    number: name.removeprefix("REASON_").lower() for name, number in reason_pb2.Reason.items() if number
}
#: Public code of every inability.
ERROR_CODES: Mapping[int, str] = {
    number: name.removeprefix("ERROR_REASON_").lower()
    for name, number in error_reason_pb2.ErrorReason.items()
    if number
}

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class _Timestamp(Protocol):
    seconds: int
    nanos: int


def nanoseconds(moment: datetime) -> int:
    """Nanoseconds since the epoch."""
    since = moment - _EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000_000 + since.microseconds * 1000


def _set_time(stamp: _Timestamp, moment: datetime) -> None:
    since = moment - _EPOCH
    stamp.seconds = since.days * 86_400 + since.seconds
    stamp.nanos = since.microseconds * 1000


def to_item(
    posted: PostedLead,
    *,
    access_key: str,
    payload: bytes,
    sent_as: lead_pb2.SubmissionFormat.ValueType,
    received_at: datetime,
    traceparent: str,
) -> pb.SubmitLeadItem:
    """The message for one posted lead."""
    item = pb.SubmitLeadItem(
        access_key=access_key,
        submission=lead_pb2.Submission(
            order=posted.order,
            source=posted.source,
            sub_source=posted.sub_source,
            external_id=posted.external_id,
            idempotency_key=posted.idempotency_key,
            test=posted.test,
            fields=posted.fields,
            format=sent_as,
            payload=payload,
            traceparent=traceparent,
            bid_token=posted.bid_token,
        ),
    )
    submission = item.submission
    _set_time(submission.received_at, received_at)
    if posted.submitted_at is not None:
        _set_time(submission.submitted_at, posted.submitted_at)
    given = posted.consent
    if given is not None:
        consent = submission.consent
        consent.text, consent.ip, consent.page_url = given.text, given.ip, given.page_url
        consent.certificate, consent.phone = given.certificate, given.phone
        if given.captured_at is not None:
            _set_time(consent.captured_at, given.captured_at)
        if given.shown_at is not None:
            _set_time(consent.shown_at, given.shown_at)
    seen = posted.signals
    if seen is not None:
        signals = submission.signals
        signals.user_agent = seen.user_agent
        if seen.seconds_on_form is not None:
            signals.seconds_on_form = seen.seconds_on_form
        if seen.honeypot is not None:
            signals.honeypot = seen.honeypot
        signals.device_id = seen.device_id
        for name, count in seen.counts.items():
            setattr(signals, name, count)
        if seen.webdriver is not None:
            signals.webdriver = seen.webdriver
    return item


def from_answer(answer: pb.LeadAnswer, spelled: Mapping[str, str], index: int | Maybe = msgspec.UNSET) -> Answer:
    """The public answer, fields named as the seller spells them."""
    return Answer(
        lead_id=answer.lead_id,
        outcome=OUTCOMES[answer.outcome],
        price=price(answer.price) if answer.HasField("price") and answer.outcome != pb.OUTCOME_PENDING else None,
        order=order_name(answer.order) if answer.HasField("order") else None,
        reasons=[reason(finding, spelled) for finding in answer.reasons],
        replayed=answer.replayed,
        trace_id=answer.trace_id,
        decision_ms=round(answer.decision_ms, 1),
        unknown_fields=[spelled.get(name, name) for name in answer.unknown_fields],
        test=True if answer.test else msgspec.UNSET,
        index=index,
    )


def from_lead(response: pb.GetLeadResponse) -> Answer:
    """The public answer for a lead asked about later, with how the seller named it and which rules it did not meet."""
    return msgspec.structs.replace(
        from_answer(response.answer, {}),
        external_id=response.external_id,
        source=response.source,
        sub_source=response.sub_source,
        receipt=[_rule(one) for one in explain(response)] or msgspec.UNSET,
    )


def _rule(one: Explained) -> RuleNotMet:
    return RuleNotMet(
        code=one.code,
        field=one.field,
        rule=one.rule,
        asked=one.asked,
        seen=one.seen,
        expected=one.expected,
        order=one.order,
        list=one.list,
    )


def from_statement(response: ledger_pb.GetStatementResponse) -> Statement:
    """The public statement, without its entries."""
    closed = response.closed if response.HasField("closed") else None
    return Statement(
        seller=response.seller,
        since=instant(getattr(response, "from")) if response.HasField("from") else None,
        to=instant(response.to),
        time_zone=response.time_zone,
        number=closed.number if closed is not None else None,
        digest=closed.digest if closed is not None else None,
        opening=price(response.opening),
        opening_held=price(response.opening_held),
        lines=[_statement_line(line) for line in response.lines],
        total=price(response.total),
        closing=price(response.closing),
        closing_held=price(response.closing_held),
        entries=[],
    )


def _statement_line(line: ledger_pb.StatementLine) -> StatementLine:
    return StatementLine(
        order=order_name(line.order),
        leads=line.leads,
        charged=price(line.charged),
        credited=price(line.credited),
        reversed=price(line.reversed),
        fees=price(line.fees),
        adjusted=price(line.adjusted),
        held=price(line.held),
        released=price(line.released),
        total=price(line.total),
    )


def from_entry(entry: ledger_pb.StatementEntry) -> StatementEntry:
    """One public entry of a statement."""
    return StatementEntry(
        id=entry.transfer_id,
        posted_at=instant(entry.posted_at),
        kind=kind_of(entry),
        amount=price(entry.amount),
        lead_id=entry.lead_id,
        external_id=entry.external_id,
        order=order_name(entry.order),
        cause=entry.cause,
        why=entry.why,
    )


def price(money: lead_pb2.Money) -> Price:
    """Money in whole units; a credit balance is negative."""
    whole, cents = divmod(abs(money.amount_minor), 100)
    return Price(amount=f"{'-' if money.amount_minor < 0 else ''}{whole}.{cents:02d}", currency=money.currency)


def order_name(order: lead_pb2.OrderRef) -> str:
    """An order version as the public name, `slug@version`."""
    return f"{order.order}@{order.version}"


def reason(finding: reason_pb2.Finding, spelled: Mapping[str, str]) -> ReasonGiven:
    """The public reason."""
    return ReasonGiven(
        code=REASON_CODES.get(finding.reason, "unspecified"),
        field=spelled.get(finding.field, finding.field),
        message=finding.message,
        retryable=finding.retryable,
        suggestion=finding.suggestion or msgspec.UNSET,
    )
