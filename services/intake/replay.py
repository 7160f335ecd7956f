"""Makes the validation part of a receipt once more, from what is stored, and says where the two differ."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import zip_longest
from typing import TYPE_CHECKING, NamedTuple

import asyncpg

from leadline.common.v1 import lead_pb2, reason_pb2
from leadline.intake.v1 import receipt_pb2
from leadline.validation.v1 import validation_service_pb2 as validation_pb2
from services.intake.sealing import unseal
from shared.rpc.client import call
from shared.rpc.errors import NotFound

if TYPE_CHECKING:
    from leadline.validation.v1.validation_service_pb2_grpc import ValidationServiceAsyncStub


class Difference(NamedTuple):
    """One place in which two receipts differ. Empty: nothing is there."""

    what: str
    stored: str
    again: str


class Replayed(NamedTuple):
    """A receipt, and what came out when it was made once more."""

    stored: bytes
    again: bytes
    catalog_revision: int

    @property
    def same(self) -> bool:
        """Byte for byte."""
        return self.stored == self.again


async def replay(row: asyncpg.Record, validation: ValidationServiceAsyncStub, *, timeout: float) -> Replayed:
    """Validates a decided lead once more. `row`: the lead with its submission; `timeout` in seconds.

    Raises:
        NotFound: validation never saw the lead, its contact data are gone, or a list of then is not kept.
    """
    stored = _stored(row["receipt"])
    if row["submission"] is None:
        raise NotFound("the lead's contact data are not kept any more, and nothing can be decided without them")
    receipt = lead_pb2.StageReceipt.FromString(stored)
    request = validation_pb2.ValidateLeadsRequest(
        buyer_id=row["buyer_id"],
        catalog_revision=row["catalog_revision"],
        lists=receipt.lists,
        leads=[
            validation_pb2.LeadToValidate(
                lead_id=row["lead_id"],
                seller=row["seller"],
                submission=lead_pb2.Submission.FromString(row["submission"]),
                candidates=_candidates(receipt),
                observations=validation_pb2.Observations.FromString(receipt.observations),
            )
        ],
    )
    response = await call(validation.ValidateLeads, request, timeout=timeout)
    return Replayed(stored, response.results[0].receipt, row["catalog_revision"])


def _stored(sealed: bytes) -> bytes:
    for stage in receipt_pb2.SealedReceipt.FromString(unseal(sealed)).stages:
        if lead_pb2.StageReceipt.FromString(stage).stage == "validation":
            return stage
    raise NotFound("the lead is not decided, or was decided without validation: there is nothing to make again")


def _candidates(receipt: lead_pb2.StageReceipt) -> Iterator[lead_pb2.OrderRef]:
    """The orders in the sequence in which they were held against the lead: that of their first rules."""
    versions = receipt.orders
    order_of_checks = dict.fromkeys(check.order for check in receipt.checks if check.order in versions)
    for name in (*order_of_checks, *sorted(set(versions) - set(order_of_checks))):
        yield lead_pb2.OrderRef(order=name, version=versions[name])


def differences(stored: bytes, again: bytes) -> list[Difference]:
    """Where two receipts of one stage differ, in the sequence of a receipt."""
    one, two = lead_pb2.StageReceipt.FromString(stored), lead_pb2.StageReceipt.FromString(again)
    found = list(_of_maps(one.lists, two.lists))
    found += _of_maps(
        {name: str(version) for name, version in one.orders.items()},
        {name: str(version) for name, version in two.orders.items()},
    )
    for then, now in zip_longest(one.checks, two.checks):
        if then != now:
            found.append(Difference((then or now).rule, _told(then), _told(now)))
    if one.summary != two.summary:
        found.append(Difference("summary", one.summary, two.summary))
    if not found and stored != again:
        found.append(Difference("encoding", f"{len(stored)} bytes", f"{len(again)} bytes"))
    return found


def _of_maps(one: Mapping[str, str], two: Mapping[str, str]) -> Iterator[Difference]:
    for name in sorted({*one, *two}):
        if one.get(name) != two.get(name):
            yield Difference(name, one.get(name, ""), two.get(name, ""))


def _told(check: lead_pb2.Check | None) -> str:
    if check is None:
        return ""
    verdict = "passed" if check.passed else reason_pb2.Reason.Name(check.reason).removeprefix("REASON_").lower()
    order = f" for {check.order}" if check.order else ""
    return f"{check.rule}{order}: {verdict}, saw {check.observed!r}, expected {check.expected!r}"
