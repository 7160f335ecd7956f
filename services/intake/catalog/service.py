"""CatalogService: proto to catalog and back."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

import grpc
from google.protobuf.timestamp_pb2 import Timestamp

from leadline.intake.v1 import catalog_service_pb2 as pb
from leadline.intake.v1.catalog_service_pb2_grpc import CatalogServiceServicer
from services.intake.catalog import keys
from services.intake.catalog.approval import approve, faults_of
from services.intake.catalog.diff import Action, Change, Plan, plan
from services.intake.catalog.directory import Directory
from services.intake.catalog.document import Document, read_document
from services.intake.catalog.nodes import Fault
from services.intake.catalog.scope import SCOPES
from services.intake.catalog.store import Approval, CatalogStore, KeyRecord
from services.intake.rate import Rate
from shared.catalog.terms import Catalog, Disclosure
from shared.rpc.errors import AppError, Malformed, NotFound, Violation
from shared.runtime.clock import Clock

_ACTIONS: Final[Mapping[Action, pb.CatalogAction.ValueType]] = {
    "create": pb.CATALOG_ACTION_CREATE,
    "update": pb.CATALOG_ACTION_UPDATE,
    "remove": pb.CATALOG_ACTION_REMOVE,
}

MOST_PER_MINUTE = 1_000_000
MOST_BURST = 100_000


class CatalogService(CatalogServiceServicer):
    """The catalog and its keys, for the buyer's people."""

    def __init__(
        self, store: CatalogStore, clock: Clock, *, directory: Directory, random_bytes: Callable[[int], bytes]
    ) -> None:
        """`directory` is this process's; it hears of every change at once. `random_bytes`: `secrets.token_bytes`."""
        self._store = store
        self._clock = clock
        self._directory = directory
        self._random_bytes = random_bytes

    async def ApplyCatalog(
        self, request: pb.ApplyCatalogRequest, context: grpc.aio.ServicerContext[Any, Any]
    ) -> pb.ApplyCatalogResponse:
        """Show or write what a document changes."""
        _require_texts(request.approved_by, request.note, signed=not request.dry_run)
        # A large document takes a good part of a second to read; leads are not to wait for it.
        document = await asyncio.to_thread(read_document, request.document)
        if document.catalog is None:
            return pb.ApplyCatalogResponse(
                errors=_errors(document.faults),
                revision=await self._revision(document.buyer_id),
                buyer_id=document.buyer_id,
            )
        effective_at = self._effective_at(request)
        made = await self._apply(document, document.catalog, request, effective_at)
        conflicts = document.locate(made.conflicts)
        revision = made.catalog.revision
        if made.changes and (request.dry_run or conflicts):
            revision -= 1
        return pb.ApplyCatalogResponse(
            changes=[_change(change) for change in made.changes],
            errors=_errors(conflicts),
            revision=revision,
            buyer_id=document.buyer_id,
            effective_time=_timestamp(effective_at) if effective_at is not None else None,
        )

    async def _apply(
        self, document: Document, wanted: Catalog, request: pb.ApplyCatalogRequest, effective_at: datetime | None
    ) -> Plan:
        now = self._clock.now()
        if request.dry_run:
            return plan(await self._store.current(document.buyer_id, effective_at or now), wanted)
        approval = Approval(request.approved_by.strip(), request.note.strip(), now, effective_at)
        made = await self._store.apply(
            document.buyer_id, approval, lambda current: plan(current, wanted), supersede=request.supersede_waiting
        )
        await self._tell_directory()
        return made

    def _effective_at(self, request: pb.ApplyCatalogRequest) -> datetime | None:
        if not request.HasField("effective_time"):
            return None
        effective_at = _instant(request.effective_time, "effective_time")
        if effective_at <= self._clock.now():
            raise Malformed.field("effective_time", "expected an instant in the future; left out, it is at once")
        return effective_at

    async def ApproveDisclosure(
        self, request: pb.ApproveDisclosureRequest, context: grpc.aio.ServicerContext[Any, Any]
    ) -> pb.ApproveDisclosureResponse:
        """Add one approved wording."""
        _require_texts(request.approved_by, request.note, signed=True)
        buyer_id = await self._buyer(request.buyer_id)
        disclosure = Disclosure(
            slug=request.slug, text=request.text, sellers=tuple(request.sellers), sites=tuple(request.sites)
        )
        faults = faults_of(disclosure)
        if faults:
            return pb.ApproveDisclosureResponse(errors=_errors(faults), revision=await self._revision(buyer_id))

        def change(current: Catalog) -> Plan:
            made, found = approve(current, disclosure)
            faults.extend(found)
            return made if not found else Plan(current, (), (), ())

        approval = Approval(request.approved_by.strip(), request.note.strip(), self._clock.now())
        made = await self._store.amend(buyer_id, approval, change)
        await self._tell_directory()
        return pb.ApproveDisclosureResponse(
            changes=[_change(change) for change in made.changes],
            errors=_errors(faults),
            revision=made.catalog.revision,
        )

    async def GetCatalog(
        self, request: pb.GetCatalogRequest, context: grpc.aio.ServicerContext[Any, Any]
    ) -> pb.GetCatalogResponse:
        """One revision, whole."""
        if request.revision < 0:
            raise Malformed.field("revision", "expected 0 for the one in force, or a revision from 1")
        buyer_id = await self._buyer(request.buyer_id)
        if request.revision:
            snapshot = await self._store.snapshot(buyer_id, request.revision)
        else:
            snapshot = await self._store.in_force(buyer_id, self._clock.now())
        if snapshot is None:
            raise NotFound(f"buyer {buyer_id} has no catalog revision {request.revision or 1}")
        return pb.GetCatalogResponse(
            buyer_id=buyer_id,
            revision=snapshot.revision,
            document=snapshot.document,
            create_time=_timestamp(snapshot.created_at),
            effective_time=_timestamp(snapshot.effective_at),
        )

    async def CreateAccessKey(
        self, request: pb.CreateAccessKeyRequest, context: grpc.aio.ServicerContext[Any, Any]
    ) -> pb.CreateAccessKeyResponse:
        """Make a key."""
        buyer_id = await self._buyer(request.buyer_id)
        await self._require_seller_and_orders(buyer_id, request.seller, request.orders)
        now = self._clock.now()
        expires_at = None
        if request.HasField("expire_time"):
            expires_at = _instant(request.expire_time, "expire_time")
            if expires_at <= now:
                raise Malformed.field("expire_time", "expected an instant in the future")
        if len(request.label) > 200 or "\x00" in request.label:
            raise Malformed.field("label", "expected at most 200 characters")
        made = keys.generate(self._random_bytes)
        record = KeyRecord(
            buyer_id=buyer_id,
            key_id=made.key_id,
            seller=request.seller,
            orders=tuple(sorted(set(request.orders))),
            secret_sha256=made.digest,
            label=request.label,
            created_at=now,
            expires_at=expires_at,
            revoked_at=None,
            scopes=_scopes(request.scopes),
            rate=_rate(request),
        )
        await self._store.add_key(record)
        await self._tell_directory()
        return pb.CreateAccessKeyResponse(access_key=made.text, key=_key(record))

    async def ListAccessKeys(
        self, request: pb.ListAccessKeysRequest, context: grpc.aio.ServicerContext[Any, Any]
    ) -> pb.ListAccessKeysResponse:
        """Keys, without their secrets."""
        buyer_id = await self._buyer(request.buyer_id)
        return pb.ListAccessKeysResponse(keys=map(_key, await self._store.keys(buyer_id, request.seller)))

    async def RevokeAccessKey(
        self, request: pb.RevokeAccessKeyRequest, context: grpc.aio.ServicerContext[Any, Any]
    ) -> pb.RevokeAccessKeyResponse:
        """End a key."""
        buyer_id = await self._buyer(request.buyer_id)
        record = await self._store.revoke_key(buyer_id, request.key_id, self._clock.now())
        if record is None:
            raise NotFound("there is no access key of that id")
        await self._tell_directory()
        return pb.RevokeAccessKeyResponse(key=_key(record))

    async def _buyer(self, named: str) -> str:
        """The buyer that a request means."""
        heads = await self._store.heads()
        if named:
            if all(head.buyer_id != named for head in heads):
                raise NotFound("there is no buyer of that name; apply its catalog first")
            return named
        if not heads:
            raise NotFound("there is no catalog yet; apply one first")
        if len(heads) > 1:
            raise Malformed.field("buyer_id", f"expected one of {', '.join(head.buyer_id for head in heads)}")
        return heads[0].buyer_id

    async def _revision(self, buyer_id: str) -> int:
        snapshot = await self._store.in_force(buyer_id, self._clock.now()) if buyer_id else None
        return snapshot.revision if snapshot is not None else 0

    async def _require_seller_and_orders(self, buyer_id: str, seller: str, orders: Iterable[str]) -> None:
        catalog = await self._store.current(buyer_id, self._clock.now())
        if catalog is None:
            raise NotFound("there is no catalog of that buyer yet; apply one first")
        sellers = [known.slug for known in catalog.sellers]
        if seller not in sellers:
            raise Malformed.field("seller", f"expected a seller of the catalog: {', '.join(sellers)}")
        fillable = [order.slug for order in catalog.orders if order.seller == seller]
        if not set(orders) <= set(fillable):
            raise Malformed.field("orders", f"expected orders of {seller}: {', '.join(fillable) or 'it has none'}")

    async def _tell_directory(self) -> None:
        # The change is committed whatever happens here; the directory asks again within a second.
        with contextlib.suppress(AppError):
            await self._directory.refresh()


def _require_texts(approved_by: str, note: str, *, signed: bool) -> None:
    violations = []
    if signed and not approved_by.strip():
        violations.append(Violation("approved_by", "expected who approves the change"))
    for name, text, most in (("approved_by", approved_by, 200), ("note", note, 2000)):
        if len(text) > most or "\x00" in text:
            violations.append(Violation(name, f"expected at most {most} characters"))
    if violations:
        raise Malformed("; ".join(f"{fault.field}: {fault.message}" for fault in violations), violations=violations)


def _change(change: Change) -> pb.CatalogChange:
    return pb.CatalogChange(
        action=_ACTIONS[change.action],
        kind=change.kind,
        name=change.name,
        details=change.details,
        version=change.version,
    )


def _errors(faults: Iterable[Fault]) -> list[pb.CatalogError]:
    return [
        pb.CatalogError(line=fault.line, column=fault.column, field=fault.field, message=fault.message)
        for fault in faults
    ]


def _key(record: KeyRecord) -> pb.AccessKey:
    return pb.AccessKey(
        key_id=record.key_id,
        seller=record.seller,
        orders=record.orders,
        label=record.label,
        create_time=_timestamp(record.created_at),
        expire_time=_timestamp(record.expires_at) if record.expires_at is not None else None,
        revoke_time=_timestamp(record.revoked_at) if record.revoked_at is not None else None,
        scopes=record.scopes,
        rate=pb.KeyRate(per_minute=record.rate.per_minute, burst=record.rate.burst) if record.rate else None,
        last_use_time=_timestamp(record.last_used_at) if record.last_used_at is not None else None,
    )


def _scopes(sent: Iterable[str]) -> tuple[str, ...]:
    if not set(sent) <= set(SCOPES):
        raise Malformed.field("scopes", f"expected some of {', '.join(SCOPES)}")
    return tuple(scope for scope in SCOPES if scope in set(sent))


def _rate(request: pb.CreateAccessKeyRequest) -> Rate | None:
    if not request.HasField("rate"):
        return None
    if not 1 <= request.rate.per_minute <= MOST_PER_MINUTE:
        raise Malformed.field("rate.per_minute", f"expected 1 to {MOST_PER_MINUTE} leads a minute")
    if not 1 <= request.rate.burst <= MOST_BURST:
        raise Malformed.field("rate.burst", f"expected 1 to {MOST_BURST} leads at once")
    return Rate(request.rate.per_minute, request.rate.burst)


def _timestamp(instant: datetime) -> Timestamp:
    stamp = Timestamp()
    stamp.FromDatetime(instant)
    return stamp


def _instant(stamp: Timestamp, field: str) -> datetime:
    try:
        return stamp.ToDatetime(tzinfo=UTC)
    except ValueError:
        raise Malformed.field(field, "expected an instant between the years 1 and 9999") from None
