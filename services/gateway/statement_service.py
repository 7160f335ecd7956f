"""The handler of `GET /v1/statement`: what a seller is owed, as JSON, as a table, or as a page."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime

from leadline.intake.v1 import ledger_service_pb2 as pb
from services.gateway import service
from services.gateway.assembly import TIME_EXPECTED, read_time
from services.gateway.exchange import JSON_TYPE, Header, Request, Response, encode
from services.gateway.intake_client import Intake
from services.gateway.pages import security_headers, templates
from services.gateway.posted import Fault, Unreadable
from shared.statement_table import StatementTable, instant

#: Entries asked for at once.
PAGE_ENTRIES = 2000
#: Entries on the page for people, which names the table where there are more.
SHOWN_ENTRIES = 500

_WORDS = frozenset({"from", "to", "month", "number", "format"})
_FORMATS = {"json": JSON_TYPE, "csv": b"text/csv; charset=utf-8; header=present", "html": b"text/html; charset=utf-8"}
_ACCEPTED = {"application/json": "json", "text/csv": "csv", "text/html": "html", "application/xhtml+xml": "html"}
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_NUMBER = re.compile(r"[1-9]\d{0,8}", re.ASCII)


class Statements:
    """What a seller can learn of its money."""

    def __init__(self, intake: Intake) -> None:
        self._intake = intake
        self._page = templates().get_template("statement.html.j2")

    async def get(self, request: Request) -> Response:
        """`GET /v1/statement`: this month's, or that of `month`, of `number`, or of `from` (inclusive) to `to`."""
        key = request.access_key()
        words = request.query(_WORDS)
        form = words.get("format") or wanted(request.headers.get(b"accept", b"").decode("latin-1"))
        if form not in _FORMATS:
            raise Unreadable("The format is not known.", Fault("format", "json, csv or html"))
        asked = _asked(key, words)
        statement = await self._intake.statement(asked)
        paging = pb.ListStatementEntriesRequest(statement=_pinned(key, statement), page_size=PAGE_ENTRIES)
        first = await self._intake.statement_entries(paging)
        if form == "html":
            return self._html(statement, first)
        written = self._csv if form == "csv" else self._json
        headers: tuple[Header, ...] = ()
        if form == "csv":
            headers = ((b"content-disposition", f'attachment; filename="{_file_name(statement)}"'.encode()),)
        return Response(200, kind=_FORMATS[form], headers=headers, stream=written(statement, paging, first))

    async def _json(
        self,
        statement: pb.GetStatementResponse,
        paging: pb.ListStatementEntriesRequest,
        first: pb.ListStatementEntriesResponse,
    ) -> AsyncIterator[bytes]:
        yield encode(service.from_statement(statement)).removesuffix(b"]}")
        comma = b""
        async for page in self._pages(paging, first):
            for entry in page:
                yield comma + encode(service.from_entry(entry))
                comma = b","
        yield b"]}"

    async def _csv(
        self,
        statement: pb.GetStatementResponse,
        paging: pb.ListStatementEntriesRequest,
        first: pb.ListStatementEntriesResponse,
    ) -> AsyncIterator[bytes]:
        table = StatementTable(statement)
        yield table.head().encode()
        async for page in self._pages(paging, first):
            yield table.body(page).encode()
        yield table.foot().encode()

    def _html(self, statement: pb.GetStatementResponse, first: pb.ListStatementEntriesResponse) -> Response:
        shown = first.entries[:SHOWN_ENTRIES]
        html = self._page.render(
            statement=service.from_statement(statement),
            sums=statement.sums,
            closed=statement.closed if statement.HasField("closed") else None,
            closed_at=instant(statement.closed.closed_at),
            entries=[service.from_entry(entry) for entry in shown],
            more=bool(first.next_page_token) or len(first.entries) > SHOWN_ENTRIES,
        )
        return Response(200, html.encode(), _FORMATS["html"], headers=security_headers(html))

    async def _pages(
        self, paging: pb.ListStatementEntriesRequest, first: pb.ListStatementEntriesResponse
    ) -> AsyncIterator[list[pb.StatementEntry]]:
        page = first
        while True:
            yield list(page.entries)
            if not page.next_page_token:
                return
            paging.page_token = page.next_page_token
            page = await self._intake.statement_entries(paging)


def wanted(accept: str) -> str:
    """The format that an Accept header likes best; JSON where it says nothing of those there are. RFC 9110, 12.5.1."""
    best, liked = "json", 0.0
    for part in accept.split(","):
        kind, *parameters = (piece.strip().lower() for piece in part.split(";"))
        quality = next((text[2:] for text in parameters if text.startswith("q=")), "1")
        try:
            weight = float(quality)
        except ValueError:
            continue
        if kind in _ACCEPTED and weight > liked:
            best, liked = _ACCEPTED[kind], weight
    return best


def _asked(key: str, words: dict[str, str]) -> pb.GetStatementRequest:
    since, until = _moment(words, "from"), _moment(words, "to")
    if since is not None and until is not None and since > until:
        raise Unreadable("The period cannot be used.", Fault("to", "a time not before `from`"))
    number = words.get("number", "")
    if number and not _NUMBER.fullmatch(number):
        raise Unreadable("The statement cannot be found.", Fault("number", "the number of a closed statement"))
    request = pb.GetStatementRequest(access_key=key, month=words.get("month", ""), number=int(number or 0))
    if since is not None:
        getattr(request, "from").FromDatetime(since)
    if until is not None:
        request.to.FromDatetime(until)
    return request


def _pinned(key: str, statement: pb.GetStatementResponse) -> pb.GetStatementRequest:
    """The request for exactly what was answered, whatever is posted meanwhile."""
    request = pb.GetStatementRequest(access_key=key)
    if statement.HasField("closed"):
        request.number = statement.closed.number
        return request
    if statement.HasField("from"):
        getattr(request, "from").CopyFrom(getattr(statement, "from"))
    request.to.CopyFrom(statement.to)
    return request


def _file_name(statement: pb.GetStatementResponse) -> str:
    name = f"statement-{statement.seller}-{instant(statement.to)[:10]}"
    return re.sub(r"[^A-Za-z0-9.-]", "-", name) + ".csv"


def _moment(words: dict[str, str], word: str) -> datetime | None:
    text = words.get(word, "")
    if not text:
        return None
    # A `+` in an address means a blank; in a time it can only have been an offset's sign.
    moment = read_time(f"{text}T00:00:00Z" if _DATE.fullmatch(text) else text.replace(" ", "+"))
    if moment is None:
        raise Unreadable("The period cannot be used.", Fault(word, f"a date (UTC), or {TIME_EXPECTED}"))
    return moment.astimezone(UTC)
