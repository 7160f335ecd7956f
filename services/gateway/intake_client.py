"""The client of intake: many single posts travel as one call, and a restart of intake is ridden out."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeVar

import grpc

from leadline.intake.v1 import intake_service_pb2 as pb
from leadline.intake.v1 import ledger_service_pb2 as ledger_pb
from leadline.intake.v1 import order_service_pb2 as order_pb
from leadline.intake.v1 import ping_service_pb2 as ping_pb
from leadline.intake.v1 import return_service_pb2 as return_pb
from leadline.intake.v1.intake_service_pb2_grpc import IntakeServiceStub
from leadline.intake.v1.ledger_service_pb2_grpc import LedgerServiceStub
from leadline.intake.v1.order_service_pb2_grpc import OrderServiceStub
from leadline.intake.v1.ping_service_pb2_grpc import PingServiceStub
from leadline.intake.v1.return_service_pb2_grpc import ReturnServiceStub
from services.gateway.settings import Settings
from shared.rpc.client import UnaryMethod
from shared.rpc.errors import Internal, Unavailable, from_rpc_error
from shared.runtime.clock import Clock
from shared.runtime.coalescer import Coalescer
from shared.telemetry.metrics import Metrics

if TYPE_CHECKING:
    # Known to the type stubs only.
    from leadline.intake.v1.intake_service_pb2_grpc import IntakeServiceAsyncStub
    from leadline.intake.v1.ledger_service_pb2_grpc import LedgerServiceAsyncStub
    from leadline.intake.v1.order_service_pb2_grpc import OrderServiceAsyncStub
    from leadline.intake.v1.ping_service_pb2_grpc import PingServiceAsyncStub
    from leadline.intake.v1.return_service_pb2_grpc import ReturnServiceAsyncStub

#: Methods that may be sent again: they carry a key or write nothing.
KEYED = (
    "leadline.intake.v1.IntakeService/SubmitLeads",
    "leadline.intake.v1.IntakeService/GetLead",
    "leadline.intake.v1.PingService/SubmitPings",
    "leadline.intake.v1.OrderService/ListOrders",
    "leadline.intake.v1.LedgerService/GetStatement",
    "leadline.intake.v1.LedgerService/ListStatementEntries",
    "leadline.intake.v1.ReturnService/GetReturn",
    "leadline.intake.v1.ReturnService/ListReturns",
)
#: Single leads in one call; with a large body each a full call still stays below the message limit.
MAX_BATCH = 64
#: Leads of one posted batch in one call.
CHUNK = 128
#: A lead with a larger body travels alone, so that no call of others grows beyond the message limit.
COALESCED_BYTES = 64 * 1024

#: Waiting leads that are worth a call beside one under way: for two, the chain works half as much as for twenty.
WORTH_A_CALL = 24
_LOOK_UP_SECONDS = 2.0
#: A statement sums up all that its period bought.
_STATEMENT_SECONDS = 10.0
#: A step of a return moves money, behind whoever else is at the same lead.
_STEP_SECONDS = 5.0
_FIRST_PAUSE_SECONDS = 0.05
_LONGEST_PAUSE_SECONDS = 0.4

Q = TypeVar("Q")
R = TypeVar("R")


class Intake:
    """Submits leads and asks about them. Raises `AppError` where intake cannot answer."""

    def __init__(self, channel: grpc.aio.Channel, settings: Settings, clock: Clock, metrics: Metrics) -> None:
        self._intake: IntakeServiceAsyncStub = IntakeServiceStub(channel)
        self._orders: OrderServiceAsyncStub = OrderServiceStub(channel)
        self._pings: PingServiceAsyncStub = PingServiceStub(channel)
        self._ledger: LedgerServiceAsyncStub = LedgerServiceStub(channel)
        self._returns: ReturnServiceAsyncStub = ReturnServiceStub(channel)
        self._clock = clock
        self._timeout = settings.submit_timeout_seconds
        self._patience = settings.patience_seconds
        self._coalescer: Coalescer[pb.SubmitLeadItem, pb.SubmitLeadResult] = Coalescer(
            self.submit_batch,
            max_batch=MAX_BATCH,
            max_in_flight=settings.max_in_flight,
            max_waiting=settings.max_waiting,
            worth=WORTH_A_CALL,
            on_batch=metrics.histogram("leadline_batch_leads", batch="gateway").observe,
        )
        self._ping_coalescer: Coalescer[ping_pb.SubmitPingItem, ping_pb.SubmitPingResult] = Coalescer(
            self._submit_pings,
            max_batch=MAX_BATCH,
            max_in_flight=settings.max_in_flight,
            max_waiting=settings.max_waiting,
            worth=WORTH_A_CALL,
        )

    @property
    def waiting(self) -> int:
        """Single leads that wait to be sent."""
        return self._coalescer.waiting

    async def submit(self, item: pb.SubmitLeadItem) -> pb.SubmitLeadResult:
        """The result for one lead; concurrent leads share calls."""
        if len(item.submission.payload) > COALESCED_BYTES:
            return (await self.submit_batch([item]))[0]
        return await self._coalescer.submit(item)

    async def submit_batch(self, items: Sequence[pb.SubmitLeadItem]) -> Sequence[pb.SubmitLeadResult]:
        """One result per lead, in order, by one call. Every lead is keyed, so sending it again is safe."""
        request = pb.SubmitLeadsRequest(items=items)
        response = await self._ride_out(self._intake.SubmitLeads, request, self._timeout)
        if len(response.results) != len(items):
            raise Internal("a batch was answered with another number of results")
        return response.results

    async def ping(self, item: ping_pb.SubmitPingItem) -> ping_pb.SubmitPingResult:
        """The result for one ping; concurrent pings share calls. The ping has a key, so sending it again is safe."""
        return await self._ping_coalescer.submit(item)

    async def _submit_pings(self, items: Sequence[ping_pb.SubmitPingItem]) -> Sequence[ping_pb.SubmitPingResult]:
        response = await self._ride_out(self._pings.SubmitPings, ping_pb.SubmitPingsRequest(items=items), self._timeout)
        if len(response.results) != len(items):
            raise Internal("a batch was answered with another number of results")
        return response.results

    async def lead(self, lead_id: str, access_key: str) -> pb.GetLeadResponse:
        """One lead of the key's seller."""
        request = pb.GetLeadRequest(lead_id=lead_id, access_key=access_key)
        return await self._ride_out(self._intake.GetLead, request, _LOOK_UP_SECONDS)

    async def statement(self, request: ledger_pb.GetStatementRequest) -> ledger_pb.GetStatementResponse:
        """What the seller of the request's key is owed."""
        return await self._ride_out(self._ledger.GetStatement, request, _STATEMENT_SECONDS)

    async def statement_entries(
        self, request: ledger_pb.ListStatementEntriesRequest
    ) -> ledger_pb.ListStatementEntriesResponse:
        """A page of the same."""
        return await self._ride_out(self._ledger.ListStatementEntries, request, _STATEMENT_SECONDS)

    async def orders(self, access_key: str) -> order_pb.ListOrdersResponse:
        """The active orders of the key's seller."""
        request = order_pb.ListOrdersRequest(access_key=access_key)
        return await self._ride_out(self._orders.ListOrders, request, _LOOK_UP_SECONDS)

    async def returns(self, request: return_pb.ListReturnsRequest) -> return_pb.ListReturnsResponse:
        """A page of what was asked back from the seller of the request's key."""
        return await self._ride_out(self._returns.ListReturns, request, _LOOK_UP_SECONDS)

    async def returned(self, request: return_pb.GetReturnRequest) -> return_pb.GetReturnResponse:
        """One return with its history."""
        return await self._ride_out(self._returns.GetReturn, request, _LOOK_UP_SECONDS)

    async def act_on_return(self, request: return_pb.ActOnReturnRequest) -> return_pb.ActOnReturnResponse:
        """One step of the seller's; sent once, because a second time it would be another step."""
        try:
            return await self._returns.ActOnReturn(request, timeout=_STEP_SECONDS)
        except grpc.aio.AioRpcError as error:
            raise from_rpc_error(error) from None

    async def close(self) -> None:
        """Waits until every lead and ping taken has its result."""
        await self._coalescer.close()
        await self._ping_coalescer.close()

    async def _ride_out(self, method: UnaryMethod[Q, R], request: Q, timeout_seconds: float) -> R:
        """Calls, and calls again while intake is away, for `patience_seconds` and within the deadline."""
        started = self._clock.monotonic()
        pause = _FIRST_PAUSE_SECONDS
        while True:
            spent = self._clock.monotonic() - started
            try:
                return await method(request, timeout=max(0.01, timeout_seconds - spent))
            except grpc.aio.AioRpcError as error:
                failure = from_rpc_error(error)
                if not isinstance(failure, Unavailable) or spent + pause > min(self._patience, timeout_seconds):
                    raise failure from None
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)
