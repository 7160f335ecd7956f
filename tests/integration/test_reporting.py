"""Reporting over real Postgres: from events in the outbox to answers, equal to what the decisions add up to."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import grpc
import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from leadline.common.v1 import lead_pb2, reason_pb2, transfer_pb2
from leadline.events.v1 import lead_event_pb2 as events
from leadline.reporting.v1 import reporting_service_pb2 as pb
from services.reporting.service import ReportingService
from services.reporting.store import CONSUMER, Store
from shared.db import outbox
from shared.db.outbox import OutboxRow
from shared.db.pool import Pool, open_pool
from shared.rpc.errors import Malformed, Unavailable
from shared.runtime.ids import uuid7
from shared.runtime.settings import DatabaseSettings, load
from tests.integration.reporting_world import catch_up, publish, stamp

_T0 = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
_CONTEXT = cast(grpc.aio.ServicerContext[Any, Any], None)


@pytest.fixture
async def reporting(database_url: str) -> AsyncIterator[Pool]:
    settings = load(DatabaseSettings, {"LEADLINE_POSTGRES_URL": database_url}, service="test")
    async with open_pool(settings, role="leadline_reporting", name="test-reporting") as pool:
        yield pool


@pytest.fixture
async def intake(database_url: str) -> AsyncIterator[Pool]:
    settings = load(DatabaseSettings, {"LEADLINE_POSTGRES_URL": database_url}, service="test")
    async with open_pool(settings, role="leadline_intake", name="test-intake") as pool:
        yield pool


@pytest.fixture
def service(reporting: Pool) -> ReportingService:
    return ReportingService(Store(reporting))


def _decided(
    minutes: float = 0,
    *,
    seller: str = "marco",
    source: str = "best.example",
    order: str = "auto",
    version: int = 1,
    price: int = 3200,
    reasons: Sequence[reason_pb2.Reason.ValueType] = (),
    decision_ms: float = 10,
) -> events.LeadEvent:
    received = _T0 + timedelta(minutes=minutes)
    decided = received + timedelta(milliseconds=decision_ms)
    return events.LeadEvent(
        event_id=uuid7(),
        buyer_id="big-bank",
        lead_id=uuid7(),
        occurred_at=stamp(decided),
        decided=events.LeadDecided(
            accepted=not reasons,
            seller=seller,
            source=source,
            sub_source="fb-7",
            order=lead_pb2.OrderRef(order=order, version=version),
            price=lead_pb2.Money(amount_minor=0 if reasons else price, currency="USD"),
            reasons=reasons,
            clock=events.ClockPoints(
                submitted_at=stamp(received - timedelta(seconds=2)),
                received_at=stamp(received),
                decided_at=stamp(decided),
            ),
        ),
    )


def _mailed(after_ms: float) -> events.LeadEvent:
    return events.LeadEvent(
        event_id=uuid7(),
        buyer_id="big-bank",
        lead_id=uuid7(),
        occurred_at=stamp(_T0),
        message_handed_off=events.MessageHandedOff(
            channel="email",
            seller="marco",
            source="best.example",
            received_at=stamp(_T0),
            decided_at=stamp(_T0),
            handed_off_at=stamp(_T0 + timedelta(milliseconds=after_ms)),
        ),
    )


def _moved(kind: str, amount: int, *, to_seller: bool, minutes: float = 0) -> events.LeadEvent:
    return events.LeadEvent(
        event_id=uuid7(),
        buyer_id="big-bank",
        lead_id=uuid7(),
        occurred_at=stamp(_T0 + timedelta(minutes=minutes)),
        transferred=events.Transferred(
            kind=transfer_pb2.TransferKind.Value(f"TRANSFER_KIND_{kind}"),
            amount=lead_pb2.Money(amount_minor=amount, currency="USD"),
            to_seller=to_seller,
            seller="marco",
            source="best.example",
            sub_source="fb-7",
            order=lead_pb2.OrderRef(order="auto", version=1),
        ),
    )


def _scope(**named: Any) -> pb.ReportScope:
    return pb.ReportScope(buyer_id="big-bank", **named)


_MIXED = [
    _decided(0),
    _decided(1, seller="polo", source="other.example", price=1000),
    _decided(61, version=2, price=3500),
    _decided(2, reasons=[reason_pb2.REASON_PHONE_FAKE, reason_pb2.REASON_EMAIL_INVALID]),
    _decided(3, reasons=[reason_pb2.REASON_PHONE_FAKE]),
    _decided(4, seller="own", order="own-site", price=0),
]


async def _funnel(service: ReportingService, grouping: pb.Grouping.ValueType, **named: Any) -> list[tuple[Any, ...]]:
    response = await service.GetFunnel(pb.GetFunnelRequest(scope=_scope(**named), grouping=grouping), _CONTEXT)
    return [
        (r.seller, r.source, r.sub_source, r.order, r.submitted, r.accepted, r.rejected, r.spend.amount_minor)
        for r in response.rows
    ]


async def test_the_funnel_in_every_grouping(service: ReportingService, intake: Pool, reporting: Pool) -> None:
    await publish(intake, _MIXED)
    await catch_up(reporting)
    assert await _funnel(service, pb.GROUPING_UNSPECIFIED) == [("", "", "", "", 6, 4, 2, 7700)]
    assert await _funnel(service, pb.GROUPING_SELLER) == [
        ("marco", "", "", "", 4, 2, 2, 6700),
        ("polo", "", "", "", 1, 1, 0, 1000),
        ("own", "", "", "", 1, 1, 0, 0),
    ]
    assert (await _funnel(service, pb.GROUPING_SOURCE))[1] == ("polo", "other.example", "", "", 1, 1, 0, 1000)
    assert (await _funnel(service, pb.GROUPING_SUB_SOURCE))[0] == ("marco", "best.example", "fb-7", "", 4, 2, 2, 6700)
    assert (await _funnel(service, pb.GROUPING_ORDER))[0] == ("", "", "", "auto", 5, 3, 2, 7700)


async def test_a_scope_takes_whole_hours_and_one_seller_or_source(
    service: ReportingService, intake: Pool, reporting: Pool
) -> None:
    await publish(intake, _MIXED)
    await catch_up(reporting)
    late = {"from": stamp(_T0 + timedelta(minutes=59))}
    assert await _funnel(service, pb.GROUPING_UNSPECIFIED, **late) == [("", "", "", "", 6, 4, 2, 7700)]
    one_hour = {"from": stamp(_T0), "to": stamp(_T0 + timedelta(minutes=90))}
    assert await _funnel(service, pb.GROUPING_UNSPECIFIED, **one_hour) == [("", "", "", "", 5, 3, 2, 4200)]
    assert await _funnel(service, pb.GROUPING_UNSPECIFIED, seller="polo") == [("", "", "", "", 1, 1, 0, 1000)]
    assert await _funnel(service, pb.GROUPING_UNSPECIFIED, source="other.example") == [("", "", "", "", 1, 1, 0, 1000)]


async def test_reasons_come_the_most_frequent_first(service: ReportingService, intake: Pool, reporting: Pool) -> None:
    await publish(intake, _MIXED)
    await catch_up(reporting)
    request = pb.GetRejectReasonsRequest(scope=_scope(), grouping=pb.GROUPING_SELLER)
    response = await service.GetRejectReasons(request, _CONTEXT)
    assert [(row.seller, row.code, row.leads) for row in response.rows] == [
        ("marco", "phone_fake", 2),
        ("marco", "email_invalid", 1),
    ]


async def test_a_statement_is_the_sum_of_the_prices_decided(
    service: ReportingService, intake: Pool, reporting: Pool
) -> None:
    seeded = random.Random(7)
    published = [
        _decided(
            seeded.uniform(0, 600),
            version=seeded.randint(1, 3),
            price=seeded.choice([0, 1, 3200, 999_999]),
            reasons=[reason_pb2.REASON_PHONE_FAKE] if seeded.random() < 0.3 else (),
        )
        for _ in range(300)
    ]
    await publish(intake, published)
    await catch_up(reporting, batch=37)
    response = await service.GetSellerStatement(pb.GetSellerStatementRequest(scope=_scope(seller="marco")), _CONTEXT)
    prices = {version: [0, 0] for version in (1, 2, 3)}
    for event in published:
        if event.decided.price.amount_minor:
            prices[event.decided.order.version][0] += 1
            prices[event.decided.order.version][1] += event.decided.price.amount_minor
    assert {line.order.version: [line.leads, line.charged.amount_minor] for line in response.lines} == prices, (
        "an own or free lead is no charge"
    )
    assert response.total == lead_pb2.Money(amount_minor=sum(owed for _, owed in prices.values()), currency="USD")


async def test_speed_tells_each_stage_in_the_order_of_the_chain(
    service: ReportingService, intake: Pool, reporting: Pool
) -> None:
    await publish(intake, [_decided(decision_ms=ms) for ms in range(1, 101)] + [_mailed(400)])
    await catch_up(reporting)
    response = await service.GetSpeedToLead(pb.GetSpeedToLeadRequest(scope=_scope()), _CONTEXT)
    assert [stage.stage for stage in response.stages] == ["seller", "decision", "email", "system", "speed_to_lead"]
    decision = response.stages[1]
    assert decision.leads == 100
    assert decision.mean_ms == 50.5
    for told, exact in ((decision.p50_ms, 50), (decision.p95_ms, 95), (decision.p99_ms, 99)):
        assert told == pytest.approx(exact, rel=0.02)


async def _everything(service: ReportingService) -> tuple[Any, ...]:
    return (
        await _funnel(service, pb.GROUPING_SUB_SOURCE),
        await _funnel(service, pb.GROUPING_ORDER),
        (await service.GetRejectReasons(pb.GetRejectReasonsRequest(scope=_scope()), _CONTEXT)).SerializeToString(),
        (await service.GetSpeedToLead(pb.GetSpeedToLeadRequest(scope=_scope()), _CONTEXT)).SerializeToString(),
    )


async def test_any_order_of_events_and_projectors_side_by_side_end_in_the_same_answers(
    service: ReportingService, intake: Pool, reporting: Pool
) -> None:
    published = [*_MIXED, _mailed(100), _mailed(250), *(_decided(minutes, decision_ms=3) for minutes in range(200))]
    await publish(intake, published)
    await catch_up(reporting)
    once = await _everything(service)

    await reporting.execute(
        "TRUNCATE reporting.funnel, reporting.reason, reporting.speed, reporting.lead, reporting.response,"
        " reporting.response_time, reporting.heat, reporting.hold_out"
    )
    random.Random(11).shuffle(published)
    await publish(intake, published)
    await asyncio.gather(*(catch_up(reporting, batch=7) for _ in range(3)))
    assert await _everything(service) == once


async def test_net_cost_is_spend_less_credits_plus_fees_and_adjustments(
    service: ReportingService, intake: Pool, reporting: Pool
) -> None:
    moved = [
        _moved("CREDIT", 3200, to_seller=False),
        _moved("CREDIT", 800, to_seller=False, minutes=70),
        _moved("REVERSAL", 3200, to_seller=True),
        _moved("HOLD", 3200, to_seller=False),
        _moved("HOLD", 100, to_seller=False),
        _moved("RELEASE", 100, to_seller=True),
        _moved("FEE", 500, to_seller=True),
        _moved("ADJUSTMENT", 70, to_seller=True),
        _moved("ADJUSTMENT", 100, to_seller=False),
    ]
    await publish(intake, [*_MIXED, *moved])
    await catch_up(reporting, batch=3)
    request = pb.GetFunnelRequest(scope=_scope(), grouping=pb.GROUPING_SUB_SOURCE)
    row = (await service.GetFunnel(request, _CONTEXT)).rows[0]
    told = (row.spend, row.credited, row.fees, row.adjusted, row.held, row.net)
    assert [money.amount_minor for money in told] == [6700, 800, 500, -30, 3200, 6700 - 800 + 500 - 30]
    assert (row.submitted, row.accepted) == (4, 2)
    statement = await service.GetSellerStatement(pb.GetSellerStatementRequest(scope=_scope(seller="marco")), _CONTEXT)
    assert statement.total == row.net
    assert [line.credited.amount_minor for line in statement.lines] == [800, 0]


async def test_an_event_that_cannot_be_read_holds_no_other_up(
    service: ReportingService, intake: Pool, reporting: Pool
) -> None:
    async with intake.acquire() as connection:
        await outbox.put(connection, [OutboxRow("big-bank", CONSUMER, "decided", b"\xff\xff", uuid7())])
    await publish(intake, _MIXED)
    await catch_up(reporting)
    assert (await _funnel(service, pb.GROUPING_UNSPECIFIED))[0][4] == 6


async def test_an_event_of_a_later_release_is_passed_over(intake: Pool, reporting: Pool) -> None:
    later = events.LeadEvent(event_id=uuid7(), buyer_id="big-bank", occurred_at=stamp(_T0))
    async with intake.acquire() as connection:
        await outbox.put(
            connection, [OutboxRow("big-bank", CONSUMER, "later", later.SerializeToString(), later.event_id)]
        )
    await catch_up(reporting)
    assert await outbox.behind(reporting, CONSUMER) == outbox.Backlog(0, 0.0, 0)


async def test_freshness_tells_what_is_not_counted_yet(
    service: ReportingService, intake: Pool, reporting: Pool
) -> None:
    await publish(intake, _MIXED)
    behind = await service.GetFreshness(pb.GetFreshnessRequest(buyer_id="big-bank"), _CONTEXT)
    assert behind.events_behind == 6
    assert behind.seconds_behind > 0
    await catch_up(reporting)
    assert (
        await service.GetFreshness(pb.GetFreshnessRequest(buyer_id="big-bank"), _CONTEXT) == pb.GetFreshnessResponse()
    )


async def test_an_unknown_buyer_has_empty_reports(service: ReportingService) -> None:
    scope = pb.ReportScope(buyer_id="nobody", seller="marco")
    assert not (await service.GetFunnel(pb.GetFunnelRequest(scope=scope), _CONTEXT)).rows
    assert not (await service.GetRejectReasons(pb.GetRejectReasonsRequest(scope=scope), _CONTEXT)).rows
    assert not (await service.GetSpeedToLead(pb.GetSpeedToLeadRequest(scope=scope), _CONTEXT)).stages
    statement = await service.GetSellerStatement(pb.GetSellerStatementRequest(scope=scope), _CONTEXT)
    assert (len(statement.lines), statement.total.amount_minor) == (0, 0)


@pytest.mark.parametrize(
    ("request_", "field"),
    [
        (pb.GetFunnelRequest(), "scope.buyer_id"),
        (
            pb.GetFunnelRequest(scope=_scope(**{"from": stamp(_T0 + timedelta(seconds=1)), "to": stamp(_T0)})),
            "scope.to",
        ),
        (pb.GetFunnelRequest(scope=_scope(to=Timestamp(seconds=2**60))), "scope.to"),
        (pb.GetFunnelRequest(scope=_scope(), grouping=cast(Any, 99)), "grouping"),
    ],
)
async def test_a_malformed_scope_is_named(service: ReportingService, request_: pb.GetFunnelRequest, field: str) -> None:
    with pytest.raises(Malformed) as refused:
        await service.GetFunnel(request_, _CONTEXT)
    assert [violation.field for violation in refused.value.violations] == [field]


async def test_a_statement_needs_its_seller(service: ReportingService) -> None:
    with pytest.raises(Malformed, match=r"scope\.seller"):
        await service.GetSellerStatement(pb.GetSellerStatementRequest(scope=_scope()), _CONTEXT)


async def test_without_the_database_reports_are_unavailable(service: ReportingService, reporting: Pool) -> None:
    await reporting.close()
    with pytest.raises(Unavailable):
        await service.GetFunnel(pb.GetFunnelRequest(scope=_scope()), _CONTEXT)


async def test_what_was_counted_by_the_hour_before_is_added_up_to_days_and_months(
    intake: Pool, reporting: Pool
) -> None:
    published = [_decided(minutes, source=f"s{minutes % 3}.example") for minutes in range(0, 60 * 24 * 40, 1571)]
    await publish(intake, [*published, *_MIXED])
    await catch_up(reporting)

    async def rows() -> dict[str, list[str]]:
        tables = {"funnel": "*", "reason": "*", "speed": "span, starts_at, seller, source, stage, leads, total_us"}
        told = {
            table: [str(row) for row in await reporting.fetch(f"SELECT {columns} FROM reporting.{table} ORDER BY 1, 2")]
            for table, columns in tables.items()
        }
        spread = "SELECT span, starts_at, source, stage, b.* FROM reporting.speed, unnest(buckets, counts) AS b"
        told["buckets"] = [str(row) for row in await reporting.fetch(spread)]
        return {table: sorted(found) for table, found in told.items()}

    counted = await rows()
    for table in ("funnel", "reason", "speed"):
        await reporting.execute(f"DELETE FROM reporting.{table} WHERE span <> 'hour'")
    assert await rows() != counted
    migration = (Path(__file__).parents[2] / "services/reporting/migrations/0004_pre_spans.sql").read_text()
    for statement in migration.split(";"):
        if statement.strip().startswith("INSERT"):
            await reporting.execute(statement)
    assert await rows() == counted
