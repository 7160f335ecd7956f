"""SlaService: protobuf on one side, the store on the other."""

from __future__ import annotations

import base64
import binascii
import struct
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

import grpc
from google.protobuf.timestamp_pb2 import Timestamp

from leadline.routing.v1 import sla_service_pb2 as pb
from leadline.routing.v1 import sla_service_pb2_grpc as rpc
from services.routing.sla.clock import Standing
from services.routing.sla.report_store import Grouping, Percentiles, ReportRow, SlaReports
from services.routing.sla.store import ClockRecord, Cursor, SlaStore
from shared.rpc.errors import Malformed
from shared.runtime.clock import Clock

_DEFAULT_PAGE = 100
_LARGEST_PAGE = 500
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
# A page token: the last clock's due time, microseconds since the epoch, and its lead.
_TOKEN = struct.Struct(">q16s")

_STANDINGS: Final[Mapping[Standing, pb.SlaStanding.ValueType]] = {
    "running": pb.SLA_STANDING_RUNNING,
    "met": pb.SLA_STANDING_MET,
    "late": pb.SLA_STANDING_LATE,
    "never": pb.SLA_STANDING_NEVER,
    "excused": pb.SLA_STANDING_EXCUSED,
}
_GROUPINGS: Final[Mapping[int, Grouping]] = {
    pb.SLA_GROUPING_UNSPECIFIED: "all",
    pb.SLA_GROUPING_ORDER: "order",
    pb.SLA_GROUPING_TEAM: "team",
    pb.SLA_GROUPING_AGENT: "agent",
    pb.SLA_GROUPING_DAY: "day",
    pb.SLA_GROUPING_SOURCE: "source",
}


class SlaService(rpc.SlaServiceServicer):
    """Shows clocks, and how well agreements were kept."""

    def __init__(self, store: SlaStore, reports: SlaReports, clock: Clock) -> None:
        self._store = store
        self._reports = reports
        self._clock = clock

    async def ListClocks(
        self, request: pb.ListClocksRequest, _context: grpc.aio.ServicerContext[object, object]
    ) -> pb.ListClocksResponse:
        """A page of clocks by (due_at, lead_id): a clock that starts meanwhile moves no other to another page."""
        buyer_id, now = _required("buyer_id", request.buyer_id), self._clock.now()
        if request.lead_id:
            found = await self._store.clock(buyer_id, _lead(request.lead_id))
            return pb.ListClocksResponse(clocks=[] if found is None else [_clock(found, now)])
        size = request.page_size or _DEFAULT_PAGE
        if not 1 <= size <= _LARGEST_PAGE:
            raise Malformed.field("page_size", f"expected 1 to {_LARGEST_PAGE}, or 0 for {_DEFAULT_PAGE}")
        # One more than asked for tells whether there is another page.
        clocks = await self._store.clocks(
            buyer_id,
            request.team,
            unattended=request.unattended,
            breached=request.breached,
            now=now,
            after=_cursor(request.page_token) if request.page_token else None,
            limit=size + 1,
        )
        page = clocks[:size]
        return pb.ListClocksResponse(
            clocks=[_clock(one, now) for one in page],
            next_page_token=_token(page[-1]) if len(clocks) > size else "",
        )

    async def GetSlaReport(
        self, request: pb.GetSlaReportRequest, _context: grpc.aio.ServicerContext[object, object]
    ) -> pb.GetSlaReportResponse:
        """Counts and percentiles of the clocks that began in a period."""
        buyer_id, now = _required("buyer_id", request.buyer_id), self._clock.now()
        grouping = _GROUPINGS.get(request.grouping)
        if grouping is None:
            raise Malformed.field("grouping", "expected a known grouping")
        since = getattr(request, "from")
        rows = await self._reports.report(
            buyer_id,
            since.ToDatetime(UTC) if request.HasField("from") else _EPOCH,
            request.to.ToDatetime(UTC) if request.HasField("to") else now,
            grouping,
            now=now,
            zone=await self._reports.zone(buyer_id),
            team=request.team,
            order=request.order,
        )
        return pb.GetSlaReportResponse(rows=[_row(row) for row in rows])


def _required(field: str, value: str) -> str:
    if not value:
        raise Malformed.field(field, "required")
    return value


def _lead(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise Malformed.field("lead_id", "expected a UUID") from None


def _token(record: ClockRecord) -> str:
    start = record.clock.start
    packed = _TOKEN.pack((start.due_at - _EPOCH) // _MICROSECOND, start.lead_id.bytes)
    return base64.urlsafe_b64encode(packed).decode()


def _cursor(token: str) -> Cursor:
    try:
        microseconds, lead_id = _TOKEN.unpack(base64.urlsafe_b64decode(token))
        return _EPOCH + timedelta(microseconds=microseconds), UUID(bytes=lead_id)
    except (struct.error, binascii.Error, ValueError, OverflowError):
        raise Malformed.field("page_token", "expected the next_page_token of an earlier answer") from None


def _clock(record: ClockRecord, now: datetime) -> pb.SlaClock:
    clock, start = record.clock, record.clock.start
    return pb.SlaClock(
        lead_id=str(start.lead_id),
        task_id=str(start.task_id),
        order=start.order,
        team=start.team,
        standing=_STANDINGS[clock.standing(now)],
        clock=start.clock,
        agreed_seconds=start.agreed_seconds,
        started_at=_timestamp(start.started_at),
        due_at=_timestamp(start.due_at),
        reminded_at=_timestamp(clock.reminded_at),
        breached_at=_timestamp(clock.breached_at),
        escalated_at=_timestamp(record.escalated_at),
        escalates_to=start.escalate_to,
        attempted_at=None if clock.attempt is None else _timestamp(clock.attempt.began_at),
        agent="" if clock.attempt is None else clock.attempt.agent,
        clock_milliseconds=clock.clock_milliseconds,
        excuse=record.excuse,
    )


def _row(row: ReportRow) -> pb.SlaReportRow:
    return pb.SlaReportRow(
        key=row.key,
        clocks=row.clocks,
        met=row.met,
        late=row.late,
        never=row.never,
        running=row.running,
        excused=row.excused,
        agreed_clock=_percentiles(row.agreed),
        wall_clock=_percentiles(row.wall),
    )


def _percentiles(found: Percentiles) -> pb.SlaPercentiles:
    return pb.SlaPercentiles(
        p50_milliseconds=found.p50,
        p90_milliseconds=found.p90,
        p99_milliseconds=found.p99,
        max_milliseconds=found.longest,
    )


def _timestamp(instant: datetime | None) -> Timestamp | None:
    if instant is None:
        return None
    stamp = Timestamp()
    stamp.FromDatetime(instant)
    return stamp
