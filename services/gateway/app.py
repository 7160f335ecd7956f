"""The seller API as an ASGI application: routes, and whatever goes wrong as problem+json."""

from __future__ import annotations

import re
import time
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

import structlog
from prometheus_client import Counter

from services.gateway import problems
from services.gateway.exchange import Receive, Request, Response, Send
from services.gateway.inbound_service import InboundDesk
from services.gateway.leads import Leads
from services.gateway.order_service import OrderBook
from services.gateway.pages import Pages
from services.gateway.ping_service import Pings
from services.gateway.posted import Fault, Unreadable
from services.gateway.problems import HttpError
from services.gateway.reception import incident
from services.gateway.returns_service import ReturnsDesk
from services.gateway.statement_service import Statements
from services.gateway.unsubscribe_service import Unsubscribing
from shared.rpc.errors import INCIDENT, AppError, NotFound
from shared.telemetry.logging import failure
from shared.telemetry.metrics import Metrics

#: Most bytes of all headers together.
HEADER_BYTES = 16 * 1024

Handler = Callable[[Request], Awaitable[Response]]

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Route:
    """One path: its template as OpenAPI writes it, and a handler for each method."""

    template: str
    handlers: dict[str, Handler] = field(default_factory=dict)

    @property
    def allow(self) -> bytes:
        """The value of the Allow header."""
        methods = set(self.handlers) | ({"HEAD"} if "GET" in self.handlers else set())
        return ", ".join(sorted(methods)).encode()


def routes(
    leads: Leads,
    pings: Pings,
    orders: OrderBook,
    statements: Statements,
    returns: ReturnsDesk,
    inbound: InboundDesk,
    unsubscribing: Unsubscribing,
    pages: Pages,
    *,
    echo: bool,
) -> list[Route]:
    """Every path there is. `echo` adds the benchmark's reference."""
    table = [
        Route("/v1/leads", {"POST": leads.post_one}),
        Route("/v1/leads:batch", {"POST": leads.post_batch}),
        Route("/v1/leads/{id}", {"GET": leads.get_lead}),
        Route("/v1/pings", {"POST": pings.post}),
        Route("/v1/adapters/google-ads/{order}", {"POST": leads.post_google_ads}),
        Route("/v1/adapters/meta/{order}", {"POST": leads.post_meta}),
        Route("/v1/orders", {"GET": orders.get}),
        Route("/v1/statement", {"GET": statements.get}),
        Route("/v1/returns", {"GET": returns.list}),
        Route("/v1/returns/{id}", {"GET": returns.get}),
        Route("/v1/returns/{id}/agree", {"POST": returns.agree}),
        Route("/v1/returns/{id}/contest", {"POST": returns.contest}),
        Route("/v1/returns/{id}/dispute", {"POST": returns.dispute}),
        Route("/v1/inbound/text", {"POST": inbound.text}),
        Route("/v1/inbound/call-status", {"POST": inbound.call}),
        Route("/v1/inbound/email", {"POST": inbound.email}),
        Route("/u/{token}", {"GET": unsubscribing.ask, "POST": unsubscribing.act}),
        Route("/openapi.json", {"GET": pages.openapi}),
        Route("/docs", {"GET": pages.docs}),
        Route("/healthz", {"GET": pages.healthz}),
        Route("/readyz", {"GET": pages.readyz}),
    ]
    return [*table, Route("/echo", {"POST": leads.echo})] if echo else table


class Gateway:
    """The application. Never lets an exception out, and never answers 5xx for what was sent."""

    def __init__(self, table: Sequence[Route], metrics: Metrics) -> None:
        self._plain = {route.template: route for route in table if "{" not in route.template}
        self._patterns = [
            (
                re.compile(
                    re.sub(r"\{\w+\}", "([^/]+)", re.escape(route.template).replace(r"\{", "{").replace(r"\}", "}"))
                ),
                route,
            )
            for route in table
            if "{" in route.template
        ]
        self._seconds = {
            template: metrics.histogram("leadline_http_seconds", route=template)
            for template in (*(route.template for route in table), _NO_ROUTE)
        }
        self._metrics = metrics
        self._counters: dict[tuple[str, int], Counter] = {}

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        started = time.perf_counter()
        template, response = await self._respond(scope, receive)
        try:
            await response.send(send)
        finally:
            seconds = time.perf_counter() - started
            self._seconds[template].observe(seconds)
            self._count(template, response.status).inc()
            if response.status >= 400:
                log.info("request refused", path=template, http_status=response.status, milliseconds=seconds * 1000)

    async def _respond(self, scope: MutableMapping[str, Any], receive: Receive) -> tuple[str, Response]:
        path, method = scope["path"], scope["method"]
        route, argument = self._plain.get(path), ""
        if route is None:
            route, argument = self._match(path)
        template = _NO_ROUTE if route is None else route.template
        try:
            if route is None:
                raise NotFound("there is nothing at this path; see /docs")
            if sum(map(len, chain.from_iterable(scope["headers"]))) > HEADER_BYTES:
                raise HttpError("headers_too_large", f"At most {HEADER_BYTES} bytes.", close=True)
            handler = route.handlers.get("GET" if method == "HEAD" else method)
            if handler is None:
                raise HttpError(
                    "method_not_allowed", "See the Allow header.", Fault("", route.allow.decode()),
                    headers=((b"allow", route.allow),),
                )  # fmt: skip
            return template, await handler(Request(scope, receive, argument))
        except Unreadable as unreadable:
            return template, Response.problem(problems.of_unreadable(unreadable))
        except HttpError as error:
            return template, Response.problem(problems.of_edge(error), error.headers, error.close)
        except AppError as error:
            return template, Response.problem(problems.of_app_error(error))
        except Exception as error:
            ours = incident()
            log.error("unhandled error", path=template, incident=ours.metadata[INCIDENT], **failure(error))
            return template, Response.problem(problems.of_app_error(ours))

    def _match(self, path: str) -> tuple[Route | None, str]:
        for pattern, route in self._patterns:
            found = pattern.fullmatch(path)
            if found:
                return route, found[1]
        return None, ""

    def _count(self, template: str, status: int) -> Counter:
        counter = self._counters.get((template, status))
        if counter is None:
            counter = self._metrics.counter("leadline_http_requests_total", route=template, status=str(status))
            self._counters[template, status] = counter
        return counter


_NO_ROUTE = "none"
