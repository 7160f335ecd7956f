"""ReportingService: protobuf on one side, the read model on the other."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import asyncpg
import grpc
from google.protobuf.timestamp_pb2 import Timestamp

from leadline.common.v1 import lead_pb2
from leadline.reporting.v1 import reporting_service_pb2 as pb
from leadline.reporting.v1.reporting_service_pb2_grpc import ReportingServiceServicer
from services.reporting.projector import STAGES, hour_of
from services.reporting.sketch import percentile
from services.reporting.store import Grouping, Scope, StageSums, Store
from shared.rpc.errors import Malformed

_MS = 1000.0
_GROUPINGS: Mapping[int, Grouping] = {
    pb.GROUPING_UNSPECIFIED: "all",
    pb.GROUPING_SELLER: "seller",
    pb.GROUPING_SOURCE: "source",
    pb.GROUPING_SUB_SOURCE: "sub_source",
    pb.GROUPING_ORDER: "order",
}
_Context = grpc.aio.ServicerContext[Any, Any]


class ReportingService(ReportingServiceServicer):
    """Reports from the read model."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def GetFunnel(self, request: pb.GetFunnelRequest, _context: _Context) -> pb.GetFunnelResponse:
        """Submitted, accepted, rejected and spend, grouped."""
        rows = await self._store.funnel(scope_of(request.scope), _grouping(request.grouping))
        return pb.GetFunnelResponse(
            rows=[
                pb.FunnelRow(
                    seller=row["seller"],
                    source=row["source"],
                    sub_source=row["sub_source"],
                    order=row["order_slug"],
                    submitted=row["submitted"],
                    accepted=row["accepted"],
                    rejected=row["submitted"] - row["accepted"],
                    spend=_money(row["spend_minor"], row["currency"]),
                    credited=_money(row["credited_minor"], row["currency"]),
                    fees=_money(row["fees_minor"], row["currency"]),
                    adjusted=_money(row["adjusted_minor"], row["currency"]),
                    held=_money(row["held_minor"], row["currency"]),
                    net=_money(_net_minor(row), row["currency"]),
                )
                for row in rows
            ]
        )

    async def GetRejectReasons(
        self, request: pb.GetRejectReasonsRequest, _context: _Context
    ) -> pb.GetRejectReasonsResponse:
        """How often each reason rejected, grouped."""
        rows = await self._store.reasons(scope_of(request.scope), _grouping(request.grouping))
        return pb.GetRejectReasonsResponse(
            rows=[pb.ReasonRow(**_names(row), code=row["code"], leads=row["leads"]) for row in rows]
        )

    async def GetSpeedToLead(self, request: pb.GetSpeedToLeadRequest, _context: _Context) -> pb.GetSpeedToLeadResponse:
        """Percentiles of each stage."""
        measured = await self._store.speed(scope_of(request.scope))
        return pb.GetSpeedToLeadResponse(
            stages=[_speed(stage, measured[stage]) for stage in STAGES if stage in measured]
        )

    async def GetSellerStatement(
        self, request: pb.GetSellerStatementRequest, _context: _Context
    ) -> pb.GetSellerStatementResponse:
        """What the read model says that a seller is owed."""
        scope = scope_of(request.scope)
        if not scope.seller:
            raise Malformed.field("scope.seller", "expected the seller whose statement it is")
        rows = await self._store.statement(scope)
        currencies = {row["currency"] for row in rows}
        if len(currencies) > 1:
            raise Malformed.field("scope", "expected a period with one currency; the buyer changed it")
        return pb.GetSellerStatementResponse(
            lines=[
                pb.SellerStatementLine(
                    order=lead_pb2.OrderRef(order=row["order_slug"], version=row["order_version"]),
                    leads=row["leads"],
                    charged=_money(row["spend_minor"], row["currency"]),
                    **_moved(row),
                )
                for row in rows
            ],
            total=_money(sum(_net_minor(row) for row in rows), next(iter(currencies), "")),
        )

    async def GetFreshness(self, request: pb.GetFreshnessRequest, _context: _Context) -> pb.GetFreshnessResponse:
        """How far the read model is behind."""
        backlog = await self._store.behind(_buyer("buyer_id", request.buyer_id))
        return pb.GetFreshnessResponse(events_behind=backlog.messages, seconds_behind=backlog.oldest_seconds)


def scope_of(scope: pb.ReportScope) -> Scope:
    """What a report is about.

    Raises:
        Malformed: no buyer, or a period that is none.
    """
    start = _instant("scope.from", getattr(scope, "from")) if scope.HasField("from") else None
    end = _instant("scope.to", scope.to) if scope.HasField("to") else None
    if start is not None and end is not None and start > end:
        raise Malformed.field("scope.to", "expected an instant at or after scope.from")
    return Scope(
        buyer_id=_buyer("scope.buyer_id", scope.buyer_id),
        start=start and hour_of(start),
        end=end and hour_of(end),
        seller=scope.seller,
        source=scope.source,
    )


def _buyer(field: str, buyer_id: str) -> str:
    if not buyer_id:
        raise Malformed.field(field, "expected a buyer")
    return buyer_id


def _instant(field: str, stamp: Timestamp) -> datetime:
    try:
        return stamp.ToDatetime(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise Malformed.field(field, "expected an instant between the years 1 and 9999") from None


def _grouping(grouping: pb.Grouping.ValueType) -> Grouping:
    if grouping not in _GROUPINGS:
        raise Malformed.field("grouping", "expected a grouping of this release")
    return _GROUPINGS[grouping]


def _names(row: asyncpg.Record) -> dict[str, str]:
    return {
        "seller": row["seller"],
        "source": row["source"],
        "sub_source": row["sub_source"],
        "order": row["order_slug"],
    }


def _speed(stage: str, sums: StageSums) -> pb.StageSpeed:
    return pb.StageSpeed(
        stage=stage,
        leads=sums.leads,
        p50_ms=percentile(sums.counts, 0.5) / _MS,
        p95_ms=percentile(sums.counts, 0.95) / _MS,
        p99_ms=percentile(sums.counts, 0.99) / _MS,
        mean_ms=sums.total_us / sums.leads / _MS,
        skewed=sums.skewed,
    )


def _moved(row: asyncpg.Record) -> dict[str, lead_pb2.Money]:
    return {name: _money(row[f"{name}_minor"], row["currency"]) for name in ("credited", "fees", "adjusted", "held")}


def _net_minor(row: asyncpg.Record) -> int:
    net: int = row["spend_minor"] - row["credited_minor"] + row["fees_minor"] + row["adjusted_minor"]
    return net


def _money(amount_minor: int, currency: str) -> lead_pb2.Money:
    return lead_pb2.Money(amount_minor=amount_minor, currency=currency)
