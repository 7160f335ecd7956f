"""The chain: validation, then dedup and routing side by side, a whole batch at a time.

Each stage answers by index and writes nothing about the lead. If a stage cannot
answer within its share of the time, the batch is not decided: its leads are kept
as pending by the caller.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeVar

from google.protobuf.timestamp_pb2 import Timestamp

from leadline.common.v1 import lead_pb2, reason_pb2
from leadline.dedup.v1 import dedup_service_pb2 as dedup_pb2
from leadline.events.v1.lead_event_pb2 import ClockPoints
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
_ALWAYS_TOLD = ("phone", "email")
_PERSON = tuple(dedup_pb2.Person.DESCRIPTOR.fields_by_name)
_NO_ROOM = (reason_pb2.REASON_CAP_REACHED, reason_pb2.REASON_BUDGET_EXHAUSTED, reason_pb2.REASON_PACING)


class ChainUnavailable(Unavailable):
    """A stage did not answer; nothing is decided and nothing was written.

    `defect`: the stage answered that it failed, rather than not at all. One lead of
    the batch may then be at fault, and the others can be decided without it.
    """

    def __init__(self, message: str, *, defect: bool = False) -> None:
        super().__init__(message)
        self.defect = defect


class Stages(Protocol):
    """What decides a batch: leads of one buyer at one catalog revision."""

    async def judge(self, drafts: Sequence[Draft], *, ends_at: float) -> None:
        """Have every draft validated, looked up by dedup and routed.

        Raises:
            ChainUnavailable: a stage failed, or `ends_at`, in seconds of the clock's monotonic reading, is over.
        """
        ...

    async def look_again(self, drafts: Sequence[Draft], *, ends_at: float) -> None:
        """Have judged drafts looked up by dedup and routed once more: somebody has claimed their persons meanwhile.

        Raises:
            ChainUnavailable: as `judge`.
        """
        ...


@dataclass(frozen=True, slots=True)
class Chain:
    """The three deciding services, by their clients."""

    validation: ValidationServiceAsyncStub
    dedup: DedupServiceAsyncStub
    routing: RoutingServiceAsyncStub
    clock: Clock

    async def judge(self, drafts: Sequence[Draft], *, ends_at: float) -> None:
        """As `Stages` says. No stage writes, so it may run for a lead that turns out to be answered already."""
        with _unavailable():
            await self._validate(drafts, ends_at)
            # Side by side: routing seldom needs to know what dedup finds.
            checking = asyncio.ensure_future(self._check(drafts, ends_at))
            try:
                await self._route(drafts, ends_at)
                await checking
            finally:
                if not checking.cancel() and not checking.cancelled():
                    # Looked at, so that nobody complains of a failure beside the one that is told.
                    checking.exception()
            again = to_route_again(drafts)
            if again:
                await self._route(again, ends_at)
            for draft in drafts:
                _end_in_order(draft.clock)

    async def look_again(self, drafts: Sequence[Draft], *, ends_at: float) -> None:
        """As `Stages` says."""
        with _unavailable():
            await self._check(drafts, ends_at)
            # With what dedup finds now, another order may buy.
            await self._route(drafts, ends_at)
            for draft in drafts:
                _end_in_order(draft.clock)

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
                    lead_id=draft.lead_id,
                    seller=draft.seller,
                    submission=draft.submission,
                    candidates=_refs(draft),
                    ping=draft.ping,
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
        request = to_check(drafts)
        response = await call(self.dedup.CheckLeads, request, timeout=_left(ends_at, self.clock))
        answered_at = self._now()
        for draft, result in zip(drafts, _all(response.results, drafts), strict=True):
            draft.checked = result
            draft.clock.deduplicated_at.CopyFrom(answered_at)

    async def _route(self, drafts: Sequence[Draft], ends_at: float) -> None:
        request = routing_pb2.RouteLeadsRequest(
            buyer_id=drafts[0].buyer_id,
            catalog_revision=drafts[0].view.revision,
            leads=[lead_to_route(draft) for draft in drafts],
        )
        response = await call(self.routing.RouteLeads, request, timeout=_left(ends_at, self.clock))
        answered_at = self._now()
        for draft, result in zip(drafts, _all(response.results, drafts), strict=True):
            draft.routed = result
            draft.clock.routed_at.CopyFrom(answered_at)


def to_check(drafts: Sequence[Draft]) -> dedup_pb2.CheckLeadsRequest:
    """What dedup is asked about validated drafts of one buyer at one revision."""
    view = drafts[0].view
    # Names and addresses stay here unless an order looks at them.
    whole = view.compares_people or len(view.match_keys) > len(_ALWAYS_TOLD)
    leads = []
    for draft in drafts:
        fields = reached(draft.validated).fields
        leads.append(
            dedup_pb2.LeadToCheck(
                lead_id=draft.lead_id,
                seller=draft.seller,
                phone=fields.get("phone", ""),
                email=fields.get("email", ""),
                phone_sha256=bytes.fromhex(draft.hashes.get("phone", "")),
                email_sha256=bytes.fromhex(draft.hashes.get("email", "")),
                candidates=_refs(draft),
                person=dedup_pb2.Person(**{name: fields.get(name, "") for name in _PERSON}) if whole else None,
            )
        )
    return dedup_pb2.CheckLeadsRequest(buyer_id=drafts[0].buyer_id, catalog_revision=view.revision, leads=leads)


@contextmanager
def _unavailable() -> Iterator[None]:
    try:
        yield
    except ChainUnavailable:
        raise
    except AppError as error:
        defect = not isinstance(error, Unavailable | DeadlineExceeded | Overloaded)
        raise ChainUnavailable("a stage of the chain did not answer", defect=defect) from error


def to_route_again(drafts: Sequence[Draft]) -> list[Draft]:
    """Those for whom routing would have answered otherwise, had it known what dedup found.

    A bought person may have been given an order where another one would do; and it may have been given room that
    the leads behind it in the batch were then refused.
    """
    bought_before = [draft for draft in drafts if any(each.findings for each in reached(draft.checked).candidates)]
    if not bought_before:
        return []
    again = {id(draft) for draft in bought_before if len(draft.candidates.orders) > 1}
    if any(reached(draft.routed).HasField("chosen") for draft in bought_before):
        again |= {id(draft) for draft in drafts if _lacks_room(draft)}
    return [draft for draft in drafts if id(draft) in again]


def _lacks_room(draft: Draft) -> bool:
    return any(
        finding.reason in _NO_ROOM for candidate in reached(draft.routed).candidates for finding in candidate.findings
    )


def _end_in_order(clock: ClockPoints) -> None:
    """The stages are told one after the other; the one that ran beside another begins where that one ended."""
    checked, routed = clock.deduplicated_at, clock.routed_at
    if (routed.seconds, routed.nanos) < (checked.seconds, checked.nanos):
        routed.CopyFrom(checked)


def lead_to_route(draft: Draft) -> routing_pb2.LeadToRoute:
    """What routing is told of a validated lead."""
    validated, checked = reached(draft.validated), draft.checked
    of_lead = len(validated.findings)
    duplicates = [len(seen.findings) for seen in checked.candidates] if checked else [0] * len(validated.candidates)
    return routing_pb2.LeadToRoute(
        lead_id=draft.lead_id,
        seller=draft.seller,
        source=validated.source,
        received_at=draft.clock.received_at,
        lead_type=validated.lead_type,
        state=validated.fields.get("state", ""),
        price_facts=_price_facts(draft, validated.fields),
        bid_price_minor=draft.bid.claims.price_minor if draft.bid is not None else None,
        candidates=[
            routing_pb2.RoutingCandidate(order=said.order, finding_count=of_lead + len(said.findings) + bought_before)
            for said, bought_before in zip(validated.candidates, duplicates, strict=True)
        ],
    )


def _price_facts(draft: Draft, fields: Mapping[str, str]) -> dict[str, str]:
    """What price rules of the candidates ask of the lead; nothing where none has such a rule."""
    asked = [draft.view.price_fields(order.slug) for order in draft.candidates.orders]
    return {name: fields[name] for names in asked for name in names if name in fields}


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
