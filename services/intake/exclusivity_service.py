"""ExclusivityService: protobuf in, protobuf out."""

from __future__ import annotations

from typing import Any

import asyncpg
import grpc
import msgspec

from leadline.common.v1 import lead_pb2
from leadline.intake.v1 import exclusivity_service_pb2 as pb
from leadline.intake.v1.exclusivity_service_pb2_grpc import ExclusivityServiceServicer
from services.intake.catalog.directory import Directory
from services.intake.identifiers import is_lead_id
from services.intake.marks_store import MarkStore
from shared.rpc.errors import Malformed


class ExclusivityService(ExclusivityServiceServicer):
    """Tells which exclusive leads are none."""

    def __init__(self, store: MarkStore, directory: Directory) -> None:
        self._store = store
        self._directory = directory

    async def ListBreaches(
        self, request: pb.ListBreachesRequest, context: grpc.aio.ServicerContext[Any, Any]
    ) -> pb.ListBreachesResponse:
        """Raises Malformed for a page that cannot be meant."""
        buyer_id, size = self._directory.buyer(request.buyer_id), request.page_size or 100
        if not 1 <= size <= 500:
            raise Malformed.field("page_size", "expected 1 to 500")
        rows = await self._store.breaches(buyer_id, request.seller, _after(request.page_token), size + 1)
        last = rows[size - 1] if len(rows) > size else None
        return pb.ListBreachesResponse(
            breaches=[_breach(row) for row in rows[:size]],
            next_page_token=f"{last['lead_id']} {last['other_lead']}" if last else "",
        )


def _after(token: str) -> tuple[str, str] | None:
    lead_id, _, other = token.partition(" ")
    if token and not (is_lead_id(lead_id) and is_lead_id(other)):
        raise Malformed.field("page_token", "expected the token of an earlier answer")
    return (lead_id, other) if token else None


def _breach(row: asyncpg.Record) -> pb.Breach:
    evidence = msgspec.json.decode(row["evidence"])
    breach = pb.Breach(
        lead_id=row["lead_id"],
        seller=row["seller"],
        source=row["source"],
        order=lead_pb2.OrderRef(order=row["order_slug"], version=row["order_version"]),
        price=lead_pb2.Money(amount_minor=row["price_minor"], currency=row["currency"]),
        other_lead_id=row["other_lead"],
        other_seller=row["other_seller"],
        other_source=row["other_source"],
        other_outcome=row["other_outcome"],
        shared=[pb.SharedIdentity(kind=one["kind"], digest=one["digest"]) for one in evidence["shared"]],
        score=evidence.get("score", 0),
        proposal=row["proposal"],
    )
    breach.bought_at.FromDatetime(row["bought_at"])
    breach.turned_up_at.FromDatetime(row["turned_up_at"])
    breach.exclusive_until.FromJsonString(evidence["exclusive_until"])
    return breach
