"""A ledger that answers the command line by rule."""

from __future__ import annotations

from typing import Any

from leadline.common.v1 import lead_pb2
from leadline.intake.v1 import ledger_service_pb2 as ledger
from leadline.intake.v1.ledger_service_pb2_grpc import LedgerServiceServicer

LEAD_ID = "019aa000-0000-7000-8000-000000000001"
USD_32 = lead_pb2.Money(amount_minor=3200, currency="USD")


class Ledger(LedgerServiceServicer):
    """Books that are whole until told otherwise."""

    def __init__(self) -> None:
        self.defects: list[str] = []
        self.asked: list[Any] = []

    async def GetStatement(self, request: ledger.GetStatementRequest, context: Any) -> ledger.GetStatementResponse:
        line = ledger.StatementLine(
            order=lead_pb2.OrderRef(order="marco-auto-2026", version=3), leads=1, charged=USD_32, credited=USD_32
        )
        return ledger.GetStatementResponse(seller=request.seller, lines=[line], total=lead_pb2.Money(currency="USD"))

    async def ListStatementEntries(
        self, request: ledger.ListStatementEntriesRequest, context: Any
    ) -> ledger.ListStatementEntriesResponse:
        page = int(request.page_token or 0)
        entry = ledger.StatementEntry(transfer_id=f"t-{page}", lead_id=LEAD_ID, external_id="=1", amount=USD_32)
        return ledger.ListStatementEntriesResponse(entries=[entry], next_page_token="" if page else "1")

    async def CloseStatement(
        self, request: ledger.CloseStatementRequest, context: Any
    ) -> ledger.CloseStatementResponse:
        self.asked.append(request)
        return ledger.CloseStatementResponse(statement=ledger.ClosedStatement(seller=request.seller, number=3))

    async def ListStatements(
        self, request: ledger.ListStatementsRequest, context: Any
    ) -> ledger.ListStatementsResponse:
        return ledger.ListStatementsResponse(statements=[ledger.ClosedStatement(seller="marco", number=3)])

    async def Adjust(self, request: ledger.AdjustRequest, context: Any) -> ledger.AdjustResponse:
        self.asked.append(request)
        return ledger.AdjustResponse(seller="marco", payable=USD_32)

    async def CheckBooks(self, request: ledger.CheckBooksRequest, context: Any) -> ledger.CheckBooksResponse:
        return ledger.CheckBooksResponse(balanced=not self.defects, defects=self.defects, charged=USD_32)
