"""A real gateway on a free port, in front of an intake that answers by simple rules over real gRPC."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

import aiohttp
import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc

from leadline.common.v1 import error_reason_pb2, lead_pb2, reason_pb2
from leadline.intake.v1 import intake_service_pb2 as pb
from leadline.intake.v1 import ledger_service_pb2 as ledger_pb
from leadline.intake.v1.intake_service_pb2_grpc import IntakeServiceServicer, add_IntakeServiceServicer_to_server
from leadline.intake.v1.ledger_service_pb2_grpc import LedgerServiceServicer, add_LedgerServiceServicer_to_server
from services.gateway.app import Gateway, routes
from services.gateway.health_client import FirstContact
from services.gateway.http_server import HttpServer
from services.gateway.inbound_service import InboundDesk
from services.gateway.intake_client import KEYED, Intake
from services.gateway.leads import Leads
from services.gateway.order_service import OrderBook
from services.gateway.pages import Pages
from services.gateway.ping_service import Pings
from services.gateway.reception import Reception
from services.gateway.returns_service import ReturnsDesk
from services.gateway.routing_client import Inbound
from services.gateway.settings import Settings
from services.gateway.statement_service import Statements
from services.gateway.trail import Trails
from services.gateway.unsubscribe_service import Unsubscribing
from shared.rpc.client import open_channel
from shared.rpc.errors import NotFound, to_status
from shared.runtime.clock import SystemClock
from shared.runtime.settings import load
from shared.telemetry.metrics import Metrics

KEY = "ll_live_testkey1_aaaaaaaaaaaaaaaaaaaaaaaa"
OTHER_ORDERS_KEY = "ll_live_testkey2_bbbbbbbbbbbbbbbbbbbbbbbb"
BOUGHT = json.dumps({"order": "o-1", "external_id": "m-1", "lead": {"state": "TX", "email": "ann@mail.example"}})
NOT_BOUGHT = json.dumps({"order": "o-1", "external_id": "m-2", "firstName": "Ann", "zip": "10001", "weirdWord": "x"})
PENDING = json.dumps({"order": "o-1", "external_id": "m-3", "state": "NY"})
BEARER = {"Authorization": f"Bearer {KEY}"}


class RuleIntake(IntakeServiceServicer, LedgerServiceServicer):
    """Decides by the lead's `state`: TX is bought, NY waits, anything else is not bought."""

    def __init__(self) -> None:
        self.submissions: list[lead_pb2.Submission] = []
        self.batch_sizes: list[int] = []
        self.answers: dict[str, pb.LeadAnswer] = {}
        self.keys: set[str] = set()
        self.failures: list[grpc.StatusCode] = []
        #: What statements list, and which pages of it were asked for.
        self.entries: list[ledger_pb.StatementEntry] = []
        self.paged: list[ledger_pb.ListStatementEntriesRequest] = []
        #: So many calls pass the gate even while it is closed.
        self.passing = 0
        #: While cleared, calls wait.
        self.gate = asyncio.Event()
        self.gate.set()

    async def SubmitLeads(self, request: pb.SubmitLeadsRequest, context: Any) -> pb.SubmitLeadsResponse:
        self.batch_sizes.append(len(request.items))
        if self.failures:
            await context.abort(self.failures.pop(0), "scripted")
        if len(self.batch_sizes) > self.passing:
            await self.gate.wait()
        return pb.SubmitLeadsResponse(results=[self._decide(item) for item in request.items])

    def _decide(self, item: pb.SubmitLeadItem) -> pb.SubmitLeadResult:
        self.keys.add(item.access_key)
        sent = item.submission
        reasons = error_reason_pb2.ErrorReason
        if item.access_key not in (KEY, OTHER_ORDERS_KEY):
            return _refused(reasons.ERROR_REASON_KEY_INVALID)
        if item.access_key == OTHER_ORDERS_KEY:
            return _refused(reasons.ERROR_REASON_KEY_SCOPE)
        if sent.order == "not-there":
            return _refused(reasons.ERROR_REASON_NOT_FOUND)
        if sent.order == "overloaded":
            return _refused(reasons.ERROR_REASON_OVERLOADED, retry_after=7)
        self.submissions.append(sent)
        lead_id = _lead_id(sent)
        known = self.answers.get(lead_id)
        if known is not None:
            again = pb.LeadAnswer()
            again.CopyFrom(known)
            again.replayed = True
            return pb.SubmitLeadResult(answer=again)
        answer = pb.LeadAnswer(
            lead_id=lead_id,
            outcome=pb.OUTCOME_REJECTED,
            price=lead_pb2.Money(amount_minor=0, currency="USD"),
            order=lead_pb2.OrderRef(order=sent.order or "any", version=3),
            trace_id=sent.traceparent[3:35],
            decision_ms=11.04,
            unknown_fields=sorted(name for name in sent.fields if name.startswith("weird")),
            test=sent.test,
        )
        state = sent.fields.get("state", "")
        if state == "TX":
            answer.outcome, answer.price.amount_minor = pb.OUTCOME_ACCEPTED, 3200
        elif state == "NY":
            answer.outcome = pb.OUTCOME_PENDING
            answer.ClearField("price")
        else:
            answer.reasons.add(
                reason=reason_pb2.REASON_GEOGRAPHY_EXCLUDED, field="postal_code", message="expected a ZIP in Texas"
            )
            answer.reasons.add(reason=reason_pb2.REASON_CAP_REACHED, message="the day is full", retryable=True)
        self.answers[lead_id] = answer
        return pb.SubmitLeadResult(answer=answer)

    async def GetLead(self, request: pb.GetLeadRequest, context: Any) -> pb.GetLeadResponse:
        answer = self.answers.get(request.lead_id)
        if answer is None or request.access_key != KEY:
            await _abort(context, NotFound("no lead of this key has this id"))
        return pb.GetLeadResponse(answer=answer, seller="marco", external_id="m-1", source="a.example", sub_source="7")

    async def GetStatement(
        self, request: ledger_pb.GetStatementRequest, context: Any
    ) -> ledger_pb.GetStatementResponse:
        since = getattr(request, "from")
        line = ledger_pb.StatementLine(
            order=lead_pb2.OrderRef(
                order=f"{request.month or request.number}-since-{since.seconds}-to-{request.to.seconds}", version=2
            ),
            leads=2,
            charged=_usd(6400),
            credited=_usd(9605),
            total=_usd(-3205),
        )
        answer = ledger_pb.GetStatementResponse(
            seller="marco", lines=[line], total=_usd(-3205), time_zone="America/New_York", opening=_usd(100),
            closing=_usd(-3105), closing_held=_usd(50), sums=line,
        )  # fmt: skip
        answer.to.CopyFrom(request.to)
        if request.HasField("from"):
            getattr(answer, "from").CopyFrom(since)
        if request.number:
            answer.closed.number, answer.closed.digest = request.number, "ab" * 32
        return answer

    async def ListStatementEntries(
        self, request: ledger_pb.ListStatementEntriesRequest, context: Any
    ) -> ledger_pb.ListStatementEntriesResponse:
        self.paged.append(request)
        at = int(request.page_token or 0)
        page = ledger_pb.ListStatementEntriesResponse(entries=self.entries[at : at + request.page_size])
        if at + request.page_size < len(self.entries):
            page.next_page_token = str(at + request.page_size)
        return page


def _usd(amount_minor: int) -> lead_pb2.Money:
    return lead_pb2.Money(amount_minor=amount_minor, currency="USD")


def _refused(reason: error_reason_pb2.ErrorReason.ValueType, retry_after: int = 0) -> pb.SubmitLeadResult:
    return pb.SubmitLeadResult(
        refusal=error_reason_pb2.Refusal(reason=reason, message="by rule", retry_after_seconds=retry_after)
    )


def _lead_id(sent: lead_pb2.Submission) -> str:
    key = sent.idempotency_key or sent.external_id or sent.payload.decode("latin-1")
    digest = hashlib.sha256(key.encode()).hexdigest()
    return f"{digest[:8]}-{digest[8:12]}-7{digest[13:16]}-8{digest[17:20]}-{digest[20:32]}"


async def _abort(context: Any, error: Any) -> None:
    await context.abort(error.code, error.message, (("grpc-status-details-bin", to_status(error).SerializeToString()),))


@dataclass
class IntakeProcess:
    """The gRPC server of a `RuleIntake`, which can be stopped and started on the same port."""

    rules: RuleIntake
    port: int = 0
    #: Adds services of a test's own.
    also: Callable[[grpc.aio.Server], None] = lambda server: None
    _server: grpc.aio.Server | None = field(default=None, repr=False)

    async def start(self) -> None:
        pings = ("grpc.http2.min_recv_ping_interval_without_data_ms", 1000)
        server = grpc.aio.server(options=[("grpc.so_reuseport", 0), pings])
        add_IntakeServiceServicer_to_server(self.rules, server)
        add_LedgerServiceServicer_to_server(self.rules, server)
        self.also(server)
        healthy = health.aio.HealthServicer()
        health_pb2_grpc.add_HealthServicer_to_server(healthy, server)  # type: ignore[no-untyped-call, unused-ignore]
        await healthy.set("leadline.intake.v1.IntakeService", health_pb2.HealthCheckResponse.SERVING)
        self.port = server.add_insecure_port(f"127.0.0.1:{self.port}")
        await server.start()
        self._server = server

    async def stop(self) -> None:
        if self._server is not None:
            await self._server.stop(0)
            self._server = None


@dataclass
class Suite:
    """What a test talks to."""

    intake: IntakeProcess
    metrics: Metrics
    server: HttpServer
    contact: FirstContact
    coalescing: Intake
    client: aiohttp.ClientSession

    @property
    def rules(self) -> RuleIntake:
        return self.intake.rules

    async def post(
        self, path: str, body: bytes | str, kind: str = "application/json", **headers: str
    ) -> tuple[int, dict[str, str], Any]:
        """Status, headers in lower case, and the decoded body."""
        sent = {"Content-Type": kind, **BEARER, **headers}
        data = BytesIO(body.encode() if isinstance(body, str) else body)
        async with self.client.post(path, data=data, headers={k: v for k, v in sent.items() if v}) as response:
            return response.status, _lower(response.headers), _decoded(await response.read())

    async def get(self, path: str, **headers: str) -> tuple[int, dict[str, str], Any]:
        """As `post`."""
        async with self.client.get(path, headers={k: v for k, v in {**BEARER, **headers}.items() if v}) as response:
            return response.status, _lower(response.headers), _decoded(await response.read())

    def waiting(self) -> int:
        """Leads that wait in the gateway to be sent."""
        return self.coalescing.waiting

    async def end_server(self) -> None:
        """End the HTTP server as the process does."""
        await self.server.__aexit__(None, None, None)

    async def raw(self, data: bytes) -> bytes:
        """Everything the gateway answers to these bytes on one connection."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.server.port)
        writer.write(data)
        await writer.drain()
        try:
            return await asyncio.wait_for(reader.read(), 20)
        finally:
            writer.close()


async def until(holds: Callable[[], bool]) -> None:
    """Return once the condition holds, in ten seconds at most."""
    async with asyncio.timeout(10):
        while not holds():  # noqa: ASYNC110 - the condition is of plain objects that tell nobody
            await asyncio.sleep(0.01)


def _lower(headers: Any) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def _decoded(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return body.decode()


@asynccontextmanager
async def running(
    *, start_intake: bool = True, also: Callable[[grpc.aio.Server], None] = lambda server: None, **environ: str
) -> AsyncIterator[Suite]:
    """A suite with these settings changed."""
    async with AsyncExitStack() as stack:
        rules = RuleIntake()  # type: ignore[abstract] # the gateway calls no other method
        intake_process = IntakeProcess(rules, also=also)
        await intake_process.start()
        stack.push_async_callback(intake_process.stop)
        if not start_intake:
            await intake_process.stop()
        settings = load(
            Settings,
            {
                "LEADLINE_GATEWAY_PORT": "0",
                "LEADLINE_INTAKE_TARGET": f"127.0.0.1:{intake_process.port}",
                "LEADLINE_ROUTING_TARGET": f"127.0.0.1:{intake_process.port}",
                "LEADLINE_DRAIN_SECONDS": "2",
                **environ,
            },
        )
        clock, metrics = SystemClock(), Metrics()
        channel = await stack.enter_async_context(open_channel(settings.intake_target, keyed=KEYED))
        intake = Intake(channel, settings, clock, metrics)
        stack.push_async_callback(intake.close)
        contact = FirstContact(channel)
        stop = asyncio.Event()
        asking = asyncio.create_task(contact.run(stop))
        stack.push_async_callback(asyncio.wait, [asking])
        stack.callback(stop.set)
        trails = Trails(clock, metrics, settings.telemetry.trace_ratio)
        leads = Leads(Reception(intake, clock, trails, metrics), intake, clock, settings.read_timeout_seconds)
        pings = Pings(intake, clock, trails, settings.read_timeout_seconds)
        echo = settings.telemetry.environment == "development"
        returns, pages = ReturnsDesk(intake, settings.read_timeout_seconds), Pages(contact, clock)
        inbound = Inbound(await stack.enter_async_context(open_channel(settings.routing_target)), clock)
        desk = InboundDesk(inbound, settings.inbound_secrets, clock, settings.read_timeout_seconds)
        unsubscribing = Unsubscribing(inbound, settings.read_timeout_seconds)
        orders, statements = OrderBook(intake), Statements(intake)
        table = routes(leads, pings, orders, statements, returns, desk, unsubscribing, pages, echo=echo)
        server = HttpServer(Gateway(table, metrics), settings.rpc, metrics, contact)
        await stack.enter_async_context(server)
        client = await stack.enter_async_context(aiohttp.ClientSession(f"http://127.0.0.1:{server.port}"))
        yield Suite(intake_process, metrics, server, contact, intake, client)
