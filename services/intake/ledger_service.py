"""LedgerService: protobuf in, protobuf out."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import asyncpg
import grpc
from google.protobuf.timestamp_pb2 import Timestamp

from leadline.common.v1 import lead_pb2, transfer_pb2
from leadline.intake.v1 import ledger_service_pb2 as pb
from leadline.intake.v1.ledger_service_pb2_grpc import LedgerServiceServicer
from services.intake.books.period import BEGINNING, Period, month, month_of
from services.intake.books.proof_store import BooksProof
from services.intake.books.statement import Balance, Sums, together
from services.intake.books.statement_store import Closed, OrderVersion, StatementStore
from services.intake.books.transfer import Movement
from services.intake.catalog.directory import Directory
from shared.rpc.errors import Malformed, NotFound
from shared.runtime.clock import Clock

#: Entries of a page: by default, and at most.
PAGE_ENTRIES = 1000
MOST_ENTRIES = 5000
#: The longest of what a person says of a correction, in characters.
MOST_CHARACTERS = 500

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)
_BEFORE_ALL = (BEGINNING, "00000000-0000-0000-0000-000000000000")
_Context = grpc.aio.ServicerContext[Any, Any]


class LedgerService(LedgerServiceServicer):
    """Statements, corrections and checks of the books."""

    def __init__(
        self,
        *,
        statements: StatementStore,
        proof: BooksProof,
        directory: Directory,
        clock: Clock,
        ring: Callable[[], None],
    ) -> None:
        """`ring`: called after money moved, so that whoever reads the outbox looks; returns at once."""
        self._statements = statements
        self._proof = proof
        self._directory = directory
        self._clock = clock
        self._ring = ring

    async def GetStatement(self, request: pb.GetStatementRequest, context: _Context) -> pb.GetStatementResponse:
        """What one seller is owed for a period."""
        buyer_id, seller = self._whose(request)
        if not seller:
            raise Malformed.field("seller", "expected a seller where no access key is given")
        extent = await self._extent(buyer_id, seller, request)
        lines = await self._statements.lines(buyer_id, seller, extent)
        sums = together(lines.values())
        if isinstance(extent, Closed):
            period, opening = extent.period, Balance(extent.opening_minor, extent.opening_held_minor)
        else:
            period, opening = extent, await self._opening(buyer_id, seller, extent.starts_at)
        closing = opening.after(sums)
        buyer = self._directory.current(buyer_id).buyer
        currency = extent.currency if isinstance(extent, Closed) else buyer.currency
        return pb.GetStatementResponse(
            seller=seller,
            lines=[_line(line, currency, order) for order, line in lines.items()],
            sums=_line(sums, currency),
            total=_money(sums.total, currency),
            to=_stamp(period.ends_at),
            time_zone=buyer.time_zone,
            opening=_money(opening.payable, currency),
            opening_held=_money(opening.held, currency),
            closing=_money(closing.payable, currency),
            closing_held=_money(closing.held, currency),
            closed=_closed(extent) if isinstance(extent, Closed) else None,
            **{"from": None if period.starts_at == BEGINNING else _stamp(period.starts_at)},
        )

    async def ListStatementEntries(
        self, request: pb.ListStatementEntriesRequest, context: _Context
    ) -> pb.ListStatementEntriesResponse:
        """The transfers of a statement."""
        buyer_id, seller = self._whose(request.statement)
        if not seller:
            raise Malformed.field("statement.seller", "expected a seller where no access key is given")
        if not 0 <= request.page_size <= MOST_ENTRIES:
            raise Malformed.field("page_size", f"expected at most {MOST_ENTRIES}")
        extent = await self._extent(buyer_id, seller, request.statement)
        most = request.page_size or PAGE_ENTRIES
        rows = await self._statements.entries(buyer_id, seller, extent, _after(request.page_token), most)
        for_seller = bool(request.statement.access_key)
        return pb.ListStatementEntriesResponse(
            entries=[entry_of(row, for_seller=for_seller) for row in rows],
            next_page_token=_token(rows[-1]) if len(rows) == most else "",
        )

    async def CloseStatement(self, request: pb.CloseStatementRequest, context: _Context) -> pb.CloseStatementResponse:
        """Make a period's statement final."""
        buyer_id = self._directory.buyer(request.buyer_id)
        view = self._directory.current(buyer_id)
        if view.seller(request.seller) is None and not await self._statements.all(buyer_id, request.seller):
            raise NotFound("the buyer has no such seller")
        closed_by = _said("closed_by", request.closed_by)
        if request.month:
            period = _month("month", request.month, ZoneInfo(view.buyer.time_zone))
        elif not request.HasField("to"):
            raise Malformed.field("month", "expected a month, or `to`")
        else:
            end = _instant("to", request.to)
            start = _instant("from", getattr(request, "from")) if request.HasField("from") else None
            latest = None if start else await self._statements.latest(buyer_id, request.seller, end)
            period = Period(start or (latest.period.ends_at if latest else BEGINNING), end)
            if period.starts_at >= period.ends_at:
                raise Malformed.field("to", "expected an instant after `from`")
        closed = await self._statements.close(
            buyer_id, request.seller, period,
            currency=view.buyer.currency, closed_by=closed_by, now=self._clock.now(),
        )  # fmt: skip
        return pb.CloseStatementResponse(statement=_closed(closed))

    async def ListStatements(self, request: pb.ListStatementsRequest, context: _Context) -> pb.ListStatementsResponse:
        """The closed statements."""
        buyer_id, seller = self._whose(request)
        return pb.ListStatementsResponse(
            statements=[_closed(one) for one in await self._statements.all(buyer_id, seller)]
        )

    async def Adjust(self, request: pb.AdjustRequest, context: _Context) -> pb.AdjustResponse:
        """Post a person's correction."""
        buyer_id = self._directory.buyer(request.buyer_id)
        view = self._directory.current(buyer_id)
        if not 0 < request.amount_minor <= 10**14:
            raise Malformed.field("amount_minor", "expected an amount above 0")
        if bool(request.lead_id) == bool(request.order):
            raise Malformed.field("lead_id", "expected a lead or an order, one of them")
        order = None
        if request.lead_id:
            seller = await self._statements.seller_of(buyer_id, _lead_id(request.lead_id))
        else:
            order = view.order(request.order)
            seller = order.seller if order is not None else None
        if seller is None:
            raise NotFound("the buyer has no such order" if request.order else "no such lead was bought")
        movement = Movement(
            kind="adjustment",
            amount_minor=request.amount_minor,
            cause=f"adjustment:{_said('key', request.key)}",
            who=_said("who", request.who),
            why=_said("why", request.why),
            to_seller=request.to_seller,
            lead_id=request.lead_id,
            seller=seller,
            order=order.slug if order is not None else "",
            order_version=order.version if order is not None else 0,
            currency=view.buyer.currency,
        )
        made = await self._statements.adjust(buyer_id, movement, self._clock.now())
        self._ring()
        payable = await self._statements.payable(buyer_id, movement.seller)
        return pb.AdjustResponse(
            transfer_id=movement.transfer_id,
            seller=movement.seller,
            payable=_money(payable, view.buyer.currency),
            repeated=not made,
        )

    async def CheckBooks(self, request: pb.CheckBooksRequest, context: _Context) -> pb.CheckBooksResponse:
        """Prove that the books are whole, or say what is not."""
        buyer_id = self._directory.buyer(request.buyer_id)
        currency = self._directory.current(buyer_id).buyer.currency
        defects = await self._proof.defects(buyer_id)
        totals = await self._proof.totals(buyer_id)
        charged, credited, held = totals["charged_minor"], totals["credited_minor"], totals["held_minor"]
        payable = charged - credited - held + totals["fees_minor"] + totals["adjusted_minor"]
        return pb.CheckBooksResponse(
            balanced=not defects,
            defects=defects,
            charged_leads=totals["leads"],
            charged=_money(charged, currency),
            credited=_money(credited, currency),
            fees=_money(totals["fees_minor"], currency),
            adjusted=_money(totals["adjusted_minor"], currency),
            held=_money(held, currency),
            payable=_money(payable, currency),
            statements=totals["statements"],
        )

    def _whose(self, request: pb.GetStatementRequest | pb.ListStatementsRequest) -> tuple[str, str]:
        if request.access_key:
            key = self._directory.authenticate(request.access_key, self._clock.now(), "statement")
            return key.buyer_id, key.seller
        return self._directory.buyer(request.buyer_id), request.seller

    async def _extent(self, buyer_id: str, seller: str, request: pb.GetStatementRequest) -> Closed | Period:
        """What a request means: a closed statement wherever it names one, by its number or by its exact period."""
        named = [bool(request.month), bool(request.number), request.HasField("from") or request.HasField("to")]
        if sum(named) > 1:
            raise Malformed.field("month", "expected a month, or a number, or instants")
        now = self._clock.now()
        if request.number:
            closed = await self._statements.numbered(buyer_id, seller, request.number)
            if closed is None:
                raise NotFound("the seller has no closed statement of this number")
            return closed
        if named[2]:
            start = _instant("from", getattr(request, "from")) if request.HasField("from") else BEGINNING
            end = _instant("to", request.to) if request.HasField("to") else now
            if start > end:
                raise Malformed.field("to", "expected an instant at or after `from`")
            period = Period(start, end)
        else:
            zone = ZoneInfo(self._directory.current(buyer_id).buyer.time_zone)
            period = _month("month", request.month, zone) if request.month else month_of(now, zone)
        closed = await self._statements.exact(buyer_id, seller, period)
        if closed is not None:
            return closed
        # An open month is told until now, so that its pages and its sums are of one period.
        return period if named[2] or period.ends_at <= now else Period(period.starts_at, max(now, period.starts_at))

    async def _opening(self, buyer_id: str, seller: str, at: datetime) -> Balance:
        """Where a seller stood: from the last closed statement on, so that no transfer in it is read again."""
        latest = await self._statements.latest(buyer_id, seller, at)
        before = Balance(latest.closing_minor, latest.closing_held_minor) if latest else Balance()
        since = Period(latest.period.ends_at if latest else BEGINNING, at)
        return before.after(together((await self._statements.lines(buyer_id, seller, since)).values()))


def _month(field: str, text: str, zone: ZoneInfo) -> Period:
    try:
        return month(text, zone)
    except ValueError as error:
        raise Malformed.field(field, str(error)) from None


def _instant(field: str, stamp: Timestamp) -> datetime:
    try:
        return stamp.ToDatetime(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise Malformed.field(field, "expected an instant between the years 1 and 9999") from None


def _said(field: str, text: str) -> str:
    said = text.strip()
    if not said or len(said) > MOST_CHARACTERS or not said.isprintable():
        raise Malformed.field(field, f"expected 1 to {MOST_CHARACTERS} printable characters")
    return said


def _lead_id(text: str) -> str:
    if not _UUID.fullmatch(text):
        raise Malformed.field("lead_id", "expected a lead's id")
    return text


def _after(token: str) -> tuple[datetime, str]:
    if not token:
        return _BEFORE_ALL
    at, _, transfer_id = token.partition(" ")
    try:
        instant = datetime.fromisoformat(at)
    except ValueError:
        instant = None
    if instant is None or instant.tzinfo is None or not _UUID.fullmatch(transfer_id):
        raise Malformed.field("page_token", "expected the token of the page before")
    return instant, transfer_id


def _token(row: asyncpg.Record) -> str:
    return f"{row['posted_at'].isoformat()} {row['transfer_id']}"


def _line(sums: Sums, currency: str, order: OrderVersion | None = None) -> pb.StatementLine:
    return pb.StatementLine(
        order=lead_pb2.OrderRef(order=order.order, version=order.version) if order is not None else None,
        leads=sums.leads,
        charged=_money(sums.charged, currency),
        credited=_money(sums.credited, currency),
        reversed=_money(sums.restored, currency),
        fees=_money(sums.fees, currency),
        adjusted=_money(sums.adjusted, currency),
        held=_money(sums.held, currency),
        released=_money(sums.released, currency),
        total=_money(sums.total, currency),
    )


def entry_of(row: asyncpg.Record, *, for_seller: bool) -> pb.StatementEntry:
    """A transfer as its seller, or the buyer, sees it."""
    amount = row["amount_minor"] if row["to_seller"] else -row["amount_minor"]
    return pb.StatementEntry(
        transfer_id=row["transfer_id"],
        posted_at=_stamp(row["posted_at"]),
        kind=transfer_pb2.TransferKind.Value(f"TRANSFER_KIND_{row['kind'].upper()}"),
        amount=_money(amount, row["currency"]),
        lead_id=row["lead_id"] or "",
        external_id=row["external_id"] or "",
        order=lead_pb2.OrderRef(order=row["order_slug"], version=row["order_version"]),
        cause=row["cause"],
        why=row["why"],
        who="" if for_seller else row["who"],
    )


def _closed(one: Closed) -> pb.ClosedStatement:
    return pb.ClosedStatement(
        seller=one.seller,
        number=one.number,
        to=_stamp(one.period.ends_at),
        total=_money(one.closing_minor - one.opening_minor, one.currency),
        closing=_money(one.closing_minor, one.currency),
        closing_held=_money(one.closing_held_minor, one.currency),
        leads=one.leads,
        closed_by=one.closed_by,
        closed_at=_stamp(one.closed_at),
        digest=one.digest.hex(),
        **{"from": _stamp(one.period.starts_at)},
    )


def _stamp(instant: datetime) -> Timestamp:
    stamp = Timestamp()
    stamp.FromDatetime(instant)
    return stamp


def _money(amount_minor: int, currency: str) -> lead_pb2.Money:
    return lead_pb2.Money(amount_minor=amount_minor, currency=currency)
