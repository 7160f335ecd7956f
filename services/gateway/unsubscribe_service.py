"""`/u/{token}`: the link in e-mails by which a person ends them. For people, and for mail programs (RFC 8058)."""

from __future__ import annotations

from services.gateway.exchange import Request, Response
from services.gateway.pages import form_headers, templates
from services.gateway.routing_client import Inbound
from shared.rpc.errors import AppError, NotFound

_HTML = b"text/html; charset=utf-8"
#: A one-click body, or that of the page's form; either is short.
_BODY_BYTES = 4 * 1024
#: What the page's second button sends.
_EVERYTHING = b"contact=none"


class Unsubscribing:
    """Asks before it acts on a GET, since mail scanners follow every link; acts at once on a POST."""

    def __init__(self, inbound: Inbound, read_timeout_seconds: float) -> None:
        self._inbound = inbound
        self._timeout = read_timeout_seconds
        self._page = templates().get_template("unsubscribe.html.j2")

    async def ask(self, request: Request) -> Response:
        """`GET /u/{token}`: a page with the question; changes nothing."""
        try:
            told = await self._inbound.link(request.argument)
        except AppError as error:
            return self._failed(error)
        return self._answer(200, state="ask", buyer=told.buyer)

    async def act(self, request: Request) -> Response:
        """`POST /u/{token}`: ends e-mails; with `contact=none`, every contact. The link is all that it takes.

        Whatever else the body says, or if it says nothing: who posts to such a link wants no more e-mails.
        """
        body = await request.body(_BODY_BYTES, self._timeout)
        everything = _EVERYTHING in body.split(b"&")
        try:
            told = await self._inbound.unsubscribe(request.argument, everything=everything)
        except AppError as error:
            return self._failed(error)
        return self._answer(200, state="all" if everything else "done", buyer=told.buyer)

    def _failed(self, error: AppError) -> Response:
        """For people, not as a problem in JSON."""
        if isinstance(error, NotFound):
            return self._answer(404, state="unknown", buyer="")
        return self._answer(503 if error.http_status < 500 else error.http_status, state="later", buyer="")

    def _answer(self, status: int, *, state: str, buyer: str) -> Response:
        page = self._page.render(state=state, buyer=buyer)
        headers = form_headers(page)
        if status == 503:
            headers = (*headers, (b"retry-after", b"30"))
        return Response(status, page.encode(), _HTML, headers)
