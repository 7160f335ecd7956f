"""SuppressionService: protobuf in, protobuf out."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, timedelta
from typing import Any

import grpc

from leadline.dedup.v1 import suppression_service_pb2 as pb
from leadline.dedup.v1.suppression_service_pb2_grpc import SuppressionServiceServicer
from services.dedup.suppression import Suppressions
from services.dedup.suppression_store import SuppressionStore
from shared.rpc.errors import Malformed, NotFound, WrongState
from shared.runtime.clock import Clock

MOST_ENTRIES = 10_000
_LONGEST_DAYS = 36_500
_SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_PREFIX = "SUPPRESSION_KIND_"


class SuppressionService(SuppressionServiceServicer):
    """Keeps the buyers' lists."""

    def __init__(self, store: SuppressionStore, suppressions: Suppressions, clock: Clock) -> None:
        self._store = store
        self._suppressions = suppressions
        self._clock = clock

    async def AddSuppressions(
        self, request: pb.AddSuppressionsRequest, _: grpc.aio.ServicerContext[Any, Any]
    ) -> pb.AddSuppressionsResponse:
        """Raises Malformed, WrongState for a list of another kind, NotFound for a new one without a kind."""
        _check(request.buyer_id, request.list, request.entries)
        if not 0 <= request.expires_days <= _LONGEST_DAYS:
            raise Malformed.field("expires_days", f"expected 0 to {_LONGEST_DAYS}")
        kind = "" if not request.kind else pb.SuppressionKind.Name(request.kind).removeprefix(_PREFIX).lower()
        digests, refused = self._digests(request.buyer_id, request.entries)
        now = self._clock.now()
        done = await self._store.add(
            request.buyer_id,
            request.list,
            kind,
            digests,
            now=now,
            effective_from=request.effective_from.ToDatetime(UTC) if request.HasField("effective_from") else None,
            expires_at=now + timedelta(days=request.expires_days) if request.expires_days else None,
        )
        if done == "":
            raise NotFound(f"there is no list {request.list}; say of which kind it is to be")
        if isinstance(done, str):
            raise WrongState(f"the list {request.list} is of the kind {done}; a list keeps its kind")
        return pb.AddSuppressionsResponse(added=done[0], renewed=done[1], refused=refused)

    async def ListSuppressions(
        self, request: pb.ListSuppressionsRequest, _: grpc.aio.ServicerContext[Any, Any]
    ) -> pb.ListSuppressionsResponse:
        """Raises Unavailable where Postgres is away."""
        answer = pb.ListSuppressionsResponse()
        for row in await self._store.lists(request.buyer_id, self._clock.now()):
            kind = pb.SuppressionKind.Value(f"{_PREFIX}{row['kind'].upper()}")
            one = answer.lists.add(list=row["list"], kind=kind, entries=row["entries"], expired=row["expired"])
            one.effective_from.FromDatetime(row["effective_from"])
            one.updated_at.FromDatetime(row["updated_at"])
            if row["next_expiry"] is not None:
                one.next_expiry.FromDatetime(row["next_expiry"])
        return answer

    async def RemoveSuppressions(
        self, request: pb.RemoveSuppressionsRequest, _: grpc.aio.ServicerContext[Any, Any]
    ) -> pb.RemoveSuppressionsResponse:
        """Raises Malformed."""
        _check(request.buyer_id, request.list, request.entries)
        if not request.entries:
            return pb.RemoveSuppressionsResponse(removed=await self._store.remove(request.buyer_id, request.list, None))
        digests, refused = self._digests(request.buyer_id, request.entries)
        removed = await self._store.remove(request.buyer_id, request.list, digests)
        return pb.RemoveSuppressionsResponse(removed=removed, refused=refused)

    def _digests(
        self, buyer_id: str, entries: Sequence[pb.SuppressionEntry]
    ) -> tuple[list[bytes], list[pb.RefusedEntry]]:
        """The digests, each once, and the entries that could not be read."""
        digests: dict[bytes, None] = {}
        refused = []
        for index, entry in enumerate(entries):
            try:
                digests[self._digest(buyer_id, entry)] = None
            except ValueError as fault:
                refused.append(pb.RefusedEntry(index=index, message=str(fault)))
        return list(digests), refused

    def _digest(self, buyer_id: str, entry: pb.SuppressionEntry) -> bytes:
        match entry.WhichOneof("detail"):
            case "phone":
                return self._suppressions.of_phone(buyer_id, entry.phone)
            case "email":
                return self._suppressions.of_email(buyer_id, entry.email)
            case "phone_sha256":
                return self._suppressions.of_hash(buyer_id, "phone", entry.phone_sha256)
            case "email_sha256":
                return self._suppressions.of_hash(buyer_id, "email", entry.email_sha256)
            case _:
                raise ValueError("expected a phone or a mail address")


def _check(buyer_id: str, name: str, entries: Sequence[pb.SuppressionEntry]) -> None:
    if not buyer_id:
        raise Malformed.field("buyer_id", "expected a buyer")
    if not _SLUG.fullmatch(name):
        raise Malformed.field("list", "expected a lower-case name with hyphens")
    if len(entries) > MOST_ENTRIES:
        raise Malformed.field("entries", f"expected at most {MOST_ENTRIES}")
