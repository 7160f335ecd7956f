"""The chain: validation, then dedup, then routing, a whole batch at a time.

Each stage answers by index and writes nothing about the lead. If a stage cannot
answer within its share of the time, the batch is not decided: its leads are kept
as pending by the caller.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeVar

from google.protobuf.timestamp_pb2 import Timestamp

from leadline.common.v1 import lead_pb2
from leadline.dedup.v1 import dedup_service_pb2 as dedup_pb2
from leadline.routing.v1 import routing_service_pb2 as routing_pb2
from leadline.validation.v1 import validation_service_pb2 as validation_pb2
from services.intake.draft import Draft, reached
from shared.rpc.client import call
from shared.rpc.errors import AppError, DeadlineExceeded, Overloaded, Unavailable
from shared.runtime.clock import Clock

if TYPE_CHECKING:
    from leadline.dedup.v1.dedup_service_pb2_grpc import DedupServiceAsyncStub
    from leadline.routing.v1.routing_service_pb2_grpc import RoutingServiceAsyncStub
    from leadline.validation.v1.validation_service_pb2_grpc import ValidationServiceAsyncStub

_R = TypeVar("_R")


class ChainUnavailable(Unavailable):
    """A stage did not answer; nothing is decided and nothing was written.

    `defect`: the stage answered that it failed, rather than not at all. One lead of
    the batch may then be at fault, and the others can be decided without it.
    """

    def __init__(self, message: str, *, defect: bool = False) -> None:
        super().__init__(message)
        self.defect = defect


class Stages(Protocol):
    """What decides a batch: leads of one buyer at one catalog revision.

    Both raise ChainUnavailable where a stage fails or `ends_at`, in seconds of the clock's monotonic reading, is over.
    """

    async def validate(self, drafts: Sequence[Draft], *, ends_at: float) -> None:
        """Have every draft validated."""
        ...

    async def choose(self, drafts: Sequence[Draft], *, ends_at: float) -> None:
        """Have every validated draft looked up by dedup and routed."""
        ...


@dataclass(frozen=True, slots=True)
class Chain:
    """The three deciding services, by their clients."""

    validation: ValidationServiceAsyncStub
    dedup: DedupServiceAsyncStub
    routing: RoutingServiceAsyncStub
    clock: Clock

    async def validate(self, drafts: Sequence[Draft], *, ends_at: float) -> None:
        """The first stage; it writes nothing, so that it may run for a lead that turns out to be answered already."""
        with _unavailable():
            await self._validate(drafts, ends_at)

    async def choose(self, drafts: Sequence[Draft], *, ends_at: float) -> None:
        """The stages that need the first one's answer."""
        with _unavailable():
            await self._check(drafts, ends_at)
            await self._route(drafts, ends_at)

    def _now(self) -> Timestamp:
        stamp = Timestamp()
        stamp.FromDatetime(self.clock.now())
        return stamp

    async def _validate(self, drafts: Sequence[Draft], ends_at: float) -> None:
        request = validation_pb2.ValidateLeadsRequest(
            buyer_id=drafts[0].buyer_id,
            catalog_revision=drafts[0].view.revision,
            leads=[
                validation_pb2.LeadToValidate(
                    lead_id=draft.lead_id, seller=draft.seller, submission=draft.submission, candidates=_refs(draft)
                )
                for draft in drafts
            ],
        )
        response = await call(self.validation.ValidateLeads, request, timeout=_left(ends_at, self.clock))
        answered_at = self._now()
        for draft, result in zip(drafts, _all(response.results, drafts), strict=True):
            draft.validated = result
            draft.clock.validated_at.CopyFrom(answered_at)

    async def _check(self, drafts: Sequence[Draft], ends_at: float) -> None:
        leads = []
        for draft in drafts:
            fields = reached(draft.validated).fields
            leads.append(
                dedup_pb2.LeadToCheck(
                    lead_id=draft.lead_id,
                    seller=draft.seller,
                    phone=fields.get("phone", ""),
                    email=fields.get("email", ""),
                    candidates=_refs(draft),
                )
            )
        request = dedup_pb2.CheckLeadsRequest(
            buyer_id=drafts[0].buyer_id, catalog_revision=drafts[0].view.revision, leads=leads
        )
        response = await call(self.dedup.CheckLeads, request, timeout=_left(ends_at, self.clock))
        answered_at = self._now()
        for draft, result in zip(drafts, _all(response.results, drafts), strict=True):
            draft.checked = result
            draft.clock.deduplicated_at.CopyFrom(answered_at)

    async def _route(self, drafts: Sequence[Draft], ends_at: float) -> None:
        request = routing_pb2.RouteLeadsRequest(
            buyer_id=drafts[0].buyer_id,
            catalog_revision=drafts[0].view.revision,
            leads=[_lead_to_route(draft) for draft in drafts],
        )
        response = await call(self.routing.RouteLeads, request, timeout=_left(ends_at, self.clock))
        answered_at = self._now()
        for draft, result in zip(drafts, _all(response.results, drafts), strict=True):
            draft.routed = result
            draft.clock.routed_at.CopyFrom(answered_at)


@contextmanager
def _unavailable() -> Iterator[None]:
    try:
        yield
    except ChainUnavailable:
        raise
    except AppError as error:
        defect = not isinstance(error, Unavailable | DeadlineExceeded | Overloaded)
        raise ChainUnavailable("a stage of the chain did not answer", defect=defect) from error


def _lead_to_route(draft: Draft) -> routing_pb2.LeadToRoute:
    validated, checked = reached(draft.validated), reached(draft.checked)
    of_lead = len(validated.findings)
    return routing_pb2.LeadToRoute(
        lead_id=draft.lead_id,
        seller=draft.seller,
        source=validated.source,
        received_at=draft.clock.received_at,
        lead_type=validated.lead_type,
        state=validated.fields.get("state", ""),
        candidates=[
            routing_pb2.RoutingCandidate(
                order=said.order, finding_count=of_lead + len(said.findings) + len(seen.findings)
            )
            for said, seen in zip(validated.candidates, checked.candidates, strict=True)
        ],
    )


def _refs(draft: Draft) -> list[lead_pb2.OrderRef]:
    return [lead_pb2.OrderRef(order=order.slug, version=order.version) for order in draft.candidates.orders]


def _left(ends_at: float, clock: Clock) -> float:
    left = ends_at - clock.monotonic()
    if left < 0.005:
        raise ChainUnavailable("the chain's time ran out")
    return left


def _all(results: Sequence[_R], drafts: Sequence[Draft]) -> Sequence[_R]:
    """A stage that answers for fewer leads than it was asked is as good as away."""
    if len(results) != len(drafts):
        raise ChainUnavailable("a stage of the chain answered for another number of leads")
    return results
