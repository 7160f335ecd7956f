"""ResponseService: protobuf on one side, stories and sums over them on the other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import asyncpg
import grpc

from leadline.reporting.v1 import response_service_pb2 as pb
from leadline.reporting.v1.response_service_pb2_grpc import ResponseServiceServicer
from services.reporting.hold_out import READING, Arm, Comparison, Estimate, compare, rate
from services.reporting.parts import parts, skew
from services.reporting.periods import floor, windows
from services.reporting.response import CONTACT_DAYS, CONVERSION_DAYS, LAWFUL_BANDS, PARTS, WALL_BANDS, Timed
from services.reporting.response_store import Filter, Named, ResponseStore
from services.reporting.response_sums import Facet
from services.reporting.service import scope_of
from services.reporting.sketch import coarse_value, value_of
from services.reporting.store import Scope
from services.reporting.story import Story
from services.reporting.story_store import StoryStore
from services.reporting.timeline import Point, timeline
from shared.catalog.snapshot import CatalogReader
from shared.rpc.errors import Malformed, NotFound
from shared.runtime.clock import Clock

_MS = 1000.0
_GROUPINGS: Mapping[int, Named] = {
    pb.RESPONSE_GROUPING_UNSPECIFIED: "all",
    pb.RESPONSE_GROUPING_SELLER: "seller",
    pb.RESPONSE_GROUPING_SOURCE: "source",
    pb.RESPONSE_GROUPING_ORDER: "order",
    pb.RESPONSE_GROUPING_TEAM: "team",
    pb.RESPONSE_GROUPING_AGENT: "agent",
}
_TIMINGS: Mapping[int, Timed] = {
    pb.TIMING_ATTEMPT: "attempt",
    pb.TIMING_LAWFUL: "lawful",
    pb.TIMING_CONTACT: "contact",
    pb.TIMING_TOTAL: "total",
}
_VERDICTS = {
    "too_early": pb.HOLD_OUT_VERDICT_TOO_EARLY,
    "at_once_is_better": pb.HOLD_OUT_VERDICT_AT_ONCE_IS_BETTER,
    "held_back_is_better": pb.HOLD_OUT_VERDICT_HELD_BACK_IS_BETTER,
    "no_difference_shown": pb.HOLD_OUT_VERDICT_NO_DIFFERENCE_SHOWN,
}
#: Outcome, its days, its column, and the difference to be told from none where the caller names none.
_OUTCOMES = (("contact", CONTACT_DAYS, "contacted", 0.05), ("conversion", CONVERSION_DAYS, "converted", 0.01))
_Context = grpc.aio.ServicerContext[Any, Any]


class ResponseService(ResponseServiceServicer):
    """How people answered leads."""

    def __init__(self, store: ResponseStore, stories: StoryStore, catalogs: CatalogReader, clock: Clock) -> None:
        self._store = store
        self._stories = stories
        self._catalogs = catalogs
        self._clock = clock

    async def GetResponseTimes(
        self, request: pb.GetResponseTimesRequest, _context: _Context
    ) -> pb.GetResponseTimesResponse:
        """How quickly leads were attempted and contacted, grouped."""
        scope = scope_of(request.scope)
        only = Filter(seller=scope.seller, source=scope.source, order=request.order, team=request.team)
        if request.grouping == pb.RESPONSE_GROUPING_HOUR:
            zone = await self._zone(scope.buyer_id, request.time_zone)
            return pb.GetResponseTimesResponse(rows=await self._hours(scope, only, zone), time_zone=zone)
        if request.grouping not in _GROUPINGS:
            raise Malformed.field("grouping", "expected a grouping of this release")
        by = _GROUPINGS[request.grouping]
        if by == "agent" and (only.seller or only.source or only.order):
            raise Malformed.field("scope", "expected no seller, source or order where grouped by agent")
        timed = [_timed(timing) for timing in request.timings] or ["attempt"]
        rows, times = await self._store.response(scope.buyer_id, windows(scope.start, scope.end), by, only, timed)
        by_row: dict[tuple[str, ...], dict[str, pb.Percentiles]] = {}
        for row in times:
            by_row.setdefault(_named(row), {})[row["timed"]] = _percentiles(row, coarse=False)
        return pb.GetResponseTimesResponse(rows=[_response_row(row, by_row.get(_named(row), {})) for row in rows])

    async def GetHeatMap(self, request: pb.GetHeatMapRequest, _context: _Context) -> pb.GetHeatMapResponse:
        """Weekday by hour."""
        scope = scope_of(request.scope)
        only = Filter(
            seller=scope.seller, source=scope.source, order=request.order, team=request.team, agent=request.agent
        )
        zone = await self._zone(scope.buyer_id, request.time_zone)
        rows, times = await self._store.heat(
            scope.buyer_id, _facet(only), only, (scope.start, scope.end), zone, weekdays=True
        )
        medians = {(row["weekday"], row["hour"]): coarse_value(row["p50"]) / _MS for row in times}
        cells = [
            pb.HeatCell(
                weekday=row["weekday"],
                hour=row["hour"],
                leads=row["leads"],
                attempted=row["attempted"],
                attempts=row["attempts"],
                contacts=row["contacts"],
                p50_ms=medians.get((row["weekday"], row["hour"])),
            )
            for row in rows
            if row["leads"] or row["attempts"]
        ]
        return pb.GetHeatMapResponse(time_zone=zone, cells=cells)

    async def GetHoldOut(self, request: pb.GetHoldOutRequest, _context: _Context) -> pb.GetHoldOutResponse:
        """What a chosen delay costs."""
        scope = scope_of(request.scope)
        if scope.seller or scope.source:
            raise Malformed.field("scope", "expected neither seller nor source: a hold-out is an order's")
        asked = {"contact": request.contact_difference, "conversion": request.conversion_difference}
        for outcome, detectable in asked.items():
            if not 0 <= detectable < 1:
                raise Malformed.field(f"{outcome}_difference", "expected a share above 0 and below 1, or 0 for ours")
        everything = await self._held(scope, request.order, None)
        told: dict[tuple[str, int], list[pb.HoldOutOutcome]] = {key: [] for key in sorted({k[:2] for k in everything})}
        for outcome, days, column, usual in _OUTCOMES:
            old = await self._held(scope, request.order, days)
            for order, delay in told:
                arms = [_arm(old.get((order, delay, arm)), column) for arm in ("at_once", "held_back")]
                total = sum(row["leads"] for key, row in everything.items() if key[:2] == (order, delay))
                young = max(0, total - sum(arm.leads for arm in arms))
                detectable = asked[outcome] or usual
                compared = compare(arms[0], arms[1], detectable)
                told[order, delay].append(_outcome(outcome, days, (arms[0], arms[1]), young, detectable, compared))
        return pb.GetHoldOutResponse(
            hold_outs=[
                pb.HoldOut(order=order, delay_seconds=delay, outcomes=outcomes)
                for (order, delay), outcomes in told.items()
            ],
            reading=READING,
        )

    async def GetTimeline(self, request: pb.GetTimelineRequest, _context: _Context) -> pb.GetTimelineResponse:
        """Everything that happened to one lead."""
        if not request.buyer_id:
            raise Malformed.field("buyer_id", "expected a buyer")
        try:
            lead_id = UUID(request.lead_id)
        except ValueError:
            raise Malformed.field("lead_id", "expected a lead's id") from None
        story = await self._stories.get(request.buyer_id, lead_id)
        if story is None:
            raise NotFound("nothing has been told of such a lead yet")
        return _timeline(story)

    async def _hours(self, scope: Scope, only: Filter, zone: str) -> list[pb.ResponseRow]:
        period = (scope.start, scope.end)
        rows, times = await self._store.heat(scope.buyer_id, _facet(only), only, period, zone, weekdays=False)
        timed = {row["hour"]: _percentiles(row, coarse=True) for row in times}
        return [
            pb.ResponseRow(
                hour=row["hour"],
                leads=row["leads"],
                held_back=row["held_back"],
                attempted=row["attempted"],
                contacted=row["contacted"],
                attempt=timed.get(row["hour"]),
                wall_bands=_bands(row, WALL_BANDS),
            )
            for row in rows
            if row["leads"] or row["held_back"]
        ]

    async def _held(self, scope: Scope, order: str, days: int | None) -> dict[tuple[str, int, str], asyncpg.Record]:
        """Rows by order, delay and arm; of leads at least so many days old."""
        end = scope.end
        if days is not None:
            old = floor(self._clock.now().astimezone(UTC) - timedelta(days=days), "hour")
            end = old if end is None else min(end, old)
        rows = await self._store.held(scope.buyer_id, windows(scope.start, end), order)
        return {(row["order_slug"], row["delay_seconds"], row["arm"]): row for row in rows}

    async def _zone(self, buyer_id: str, asked: str) -> str:
        zone = asked
        if not zone:
            revision = await self._store.revision(buyer_id, self._clock.now())
            zone = "UTC" if revision is None else (await self._catalogs.get(buyer_id, revision)).buyer.time_zone
        try:
            ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise Malformed.field("time_zone", "expected an IANA time zone such as America/New_York") from None
        return zone


def _timed(timing: pb.Timing.ValueType) -> Timed:
    if timing not in _TIMINGS:
        raise Malformed.field("timings", "expected timings of this release")
    return _TIMINGS[timing]


def _facet(only: Filter) -> Facet:
    named = {name for name in ("seller", "source", "order", "team", "agent") if getattr(only, name)}
    facets: dict[frozenset[str], Facet] = {
        frozenset(): "all",
        frozenset({"seller"}): "seller",
        frozenset({"source"}): "source",
        frozenset({"seller", "source"}): "source",
        frozenset({"order"}): "order",
        frozenset({"team"}): "team",
        frozenset({"agent"}): "agent",
        frozenset({"team", "agent"}): "agent",
    }
    if frozenset(named) not in facets:
        raise Malformed.field("scope", "expected at most one of seller, source, order, team and agent")
    return facets[frozenset(named)]


def _named(row: asyncpg.Record) -> tuple[str, ...]:
    return tuple(row[name] for name in ("seller", "source", "order_slug", "team", "agent") if name in row)


def _percentiles(row: asyncpg.Record, *, coarse: bool) -> pb.Percentiles:
    value = coarse_value if coarse else value_of
    return pb.Percentiles(
        leads=row["leads"],
        p50_ms=value(row["p50"]) / _MS,
        p95_ms=value(row["p95"]) / _MS,
        p99_ms=value(row["p99"]) / _MS,
    )


def _bands(row: asyncpg.Record, names: Iterable[str]) -> pb.Bands:
    within_5, within_15, within_60, later = (row[name] for name in names)
    return pb.Bands(within_5_minutes=within_5, within_15_minutes=within_15, within_60_minutes=within_60, later=later)


def _response_row(row: asyncpg.Record, times: Mapping[str, pb.Percentiles]) -> pb.ResponseRow:
    told = {name: row[name] for name in ("seller", "source", "team", "agent") if name in row}
    numbers = ("leads", "held_back", "attempted", "contacted", "appointed", "converted", "skewed")
    mean = None
    if row["attempted"]:
        seller, system, waiting, human = (row[name] / row["attempted"] / _MS for name in PARTS)
        mean = pb.Parts(
            seller_ms=seller,
            system_ms=system,
            waiting_ms=waiting,
            human_ms=human,
            total_ms=seller + system + waiting + human,
        )
    return pb.ResponseRow(
        **told,
        order=row.get("order_slug", ""),
        **{name: row[name] for name in numbers},
        attempt=times.get("attempt"),
        lawful=times.get("lawful"),
        contact=times.get("contact"),
        total=times.get("total"),
        wall_bands=_bands(row, WALL_BANDS),
        lawful_bands=_bands(row, LAWFUL_BANDS),
        mean=mean,
    )


def _arm(row: asyncpg.Record | None, column: str) -> Arm:
    return Arm(0, 0) if row is None else Arm(row["leads"], row[column])


def _outcome(
    outcome: str, days: int, arms: tuple[Arm, Arm], young: int, detectable: float, told: Comparison
) -> pb.HoldOutOutcome:
    at_once, held_back = (
        pb.Arm(leads=arm.leads, reached=arm.reached, rate=_estimate(rate(arm)) if arm.leads else None) for arm in arms
    )
    return pb.HoldOutOutcome(
        outcome=outcome,
        days=days,
        at_once=at_once,
        held_back=held_back,
        too_young=young,
        difference=_estimate(told.difference),
        ratio=_estimate(told.ratio),
        always_valid=_estimate(told.always_valid),
        detectable_difference=detectable,
        needed_at_once=told.needed_at_once,
        needed_held_back=told.needed_held_back,
        enough=told.enough,
        verdict=_VERDICTS[told.verdict],
    )


def _estimate(told: Estimate | None) -> pb.Estimate | None:
    return None if told is None else pb.Estimate(value=told.value, low=told.low, high=told.high)


def _timeline(story: Story) -> pb.GetTimelineResponse:
    points = timeline(story)
    split, first = parts(story), story.first_attempt
    known = first is not None and first.lawful_ms >= 0
    return pb.GetTimelineResponse(
        points=[
            _point(point, before, story.decided) for point, before in zip(points, [*points[:1], *points], strict=False)
        ],
        parts=None
        if split is None
        else pb.Parts(
            seller_ms=split.seller / _MS,
            system_ms=split.system / _MS,
            held_back_ms=split.held_back / _MS,
            waiting_ms=split.waiting / _MS,
            human_ms=split.human / _MS,
            total_ms=split.total / _MS,
        ),
        lawful_ms=first.lawful_ms if first is not None and known else None,
        skew_ms=skew(story) / _MS,
        arm=story.arm,
        delay_seconds=story.delay_seconds,
    )


def _point(point: Point, before: Point, decided: int | None) -> pb.TimelinePoint:
    told = pb.TimelinePoint(
        kind=point.kind,
        since_previous_ms=(point.at - before.at) / _MS,
        since_decided_ms=None if decided is None else (point.at - decided) / _MS,
        team=point.team,
        agent=point.agent,
        channel=point.channel,
        detail=point.detail,
        automatic=point.automatic,
    )
    told.at.FromMicroseconds(point.at)
    return told
