"""LedgerService: protobuf in, protobuf out."""

from __future__ import annotations

from typing import Any

import grpc

from leadline.common.v1 import lead_pb2
from leadline.intake.v1 import ledger_service_pb2 as pb
from leadline.intake.v1.ledger_service_pb2_grpc import LedgerServiceServicer
from services.intake.catalog.directory import Directory
from services.intake.draft import moment
from services.intake.ledger_store import LedgerStore
from shared.rpc.errors import Malformed
from shared.runtime.clock import Clock


class LedgerService(LedgerServiceServicer):
    """Statements and checks of the books."""

    def __init__(self, *, store: LedgerStore, directory: Directory, clock: Clock) -> None:
        self._store = store
        self._directory = directory
        self._clock = clock

    async def GetStatement(
        self, request: pb.GetStatementRequest, context: grpc.aio.ServicerContext[Any, Any]
    ) -> pb.GetStatementResponse:
        """What one seller is owed for a period."""
        if request.access_key:
            key = self._directory.authenticate(request.access_key, self._clock.now(), "statement")
            buyer_id, seller = key.buyer_id, key.seller
        else:
            buyer_id, seller = self._directory.buyer(request.buyer_id), request.seller
            if not seller:
                raise Malformed.field("seller", "expected a seller where no access key is given")
        start = moment(getattr(request, "from")) if request.HasField("from") else None
        end = moment(request.to) if request.HasField("to") else None
        if start and end and start > end:
            raise Malformed.field("to", "expected an instant at or after `from`")
        currency = self._directory.current(buyer_id).buyer.currency
        rows = await self._store.statement(buyer_id, seller, start, end)
        return pb.GetStatementResponse(
            seller=seller,
            lines=[
                pb.StatementLine(
                    order=lead_pb2.OrderRef(order=row["order_slug"], version=row["order_version"]),
                    leads=row["leads"],
                    charged=_money(row["charged_minor"], currency),
                    credited=_money(row["credited_minor"], currency),
                )
                for row in rows
            ],
            total=_money(sum(row["charged_minor"] - row["credited_minor"] for row in rows), currency),
        )

    async def CheckBooks(
        self, request: pb.CheckBooksRequest, context: grpc.aio.ServicerContext[Any, Any]
    ) -> pb.CheckBooksResponse:
        """Prove that the books are whole, or say what is not."""
        buyer_id = self._directory.buyer(request.buyer_id)
        currency = self._directory.current(buyer_id).buyer.currency
        defects = await self._store.defects(buyer_id)
        totals = await self._store.totals(buyer_id)
        return pb.CheckBooksResponse(
            balanced=not defects,
            defects=defects,
            charged_leads=totals["leads"],
            charged=_money(totals["charged_minor"], currency),
            credited=_money(totals["credited_minor"], currency),
        )


def _money(amount_minor: int, currency: str) -> lead_pb2.Money:
    return lead_pb2.Money(amount_minor=amount_minor, currency=currency)
