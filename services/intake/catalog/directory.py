"""Catalogs and keys in memory, so that taking a lead asks Postgres for neither."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from services.intake.catalog.keys import parse, verify
from services.intake.catalog.scope import Scope
from services.intake.catalog.store import CatalogStore, Head, KeyRecord
from services.intake.catalog.timeline import timeline
from shared.catalog.snapshot import CatalogReader, CatalogView
from shared.rpc.errors import AppError, KeyInvalid, KeyMissing, KeyScope, Malformed, NotFound, Unavailable
from shared.runtime.clock import Clock

POLL_SECONDS = 1.0
#: A revoked key stops within 5 s everywhere, even where Postgres cannot be asked: knowledge older than this is not
#: used. Without Postgres no lead could be taken anyway.
STALE_SECONDS = 4.0
#: A lead that was received before a change and comes in behind it is decided by the terms of its receipt.
LOOK_BACK = timedelta(minutes=1)
#: How often the last use of keys is written down.
NOTE_USE_SECONDS = 5.0

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Entry:
    """What is known of one buyer, as of one head."""

    head: Head
    #: With the instants from which they are in force, in that order: the one of a moment ago, and whatever follows it.
    views: Sequence[tuple[datetime, CatalogView]]
    keys: Mapping[str, KeyRecord]

    def view(self, at: datetime) -> CatalogView:
        """The one in force at an instant; of one too long ago to be known here, the earliest."""
        return next((view for effective_at, view in reversed(self.views) if effective_at <= at), self.views[0][1])


class Directory:
    """Every buyer's catalog in force and every key, at most a second old.

    Reads and writes happen on one event loop; a reload replaces whole entries, so that no caller sees half of one.
    """

    def __init__(self, store: CatalogStore, reader: CatalogReader, clock: Clock) -> None:
        self._store = store
        self._reader = reader
        self._clock = clock
        self._entries: Mapping[str, _Entry] = {}
        self._keys: Mapping[str, KeyRecord] = {}
        # Keys that were checked before, by their text: the same key comes with every lead of a seller.
        self._checked: dict[str, KeyRecord] = {}
        self._refreshed_at = float("-inf")
        self._refreshing = asyncio.Lock()
        self._used: dict[tuple[str, str], datetime] = {}
        self._used_noted_at = float("-inf")

    @property
    def age_seconds(self) -> float:
        """How long ago Postgres last confirmed what is held here; infinite before the first time."""
        return self._clock.monotonic() - self._refreshed_at

    @property
    def buyers(self) -> tuple[str, ...]:
        """Every buyer with a catalog, sorted."""
        return tuple(self._entries)

    async def refresh(self) -> None:
        """Ask what is in force and load what changed. One cheap query where nothing did.

        Raises:
            Unavailable: Postgres is away; what was known stays.
        """
        async with self._refreshing:
            asked_at = self._clock.monotonic()
            heads = await self._store.heads()
            entries = {head.buyer_id: await self._entry(head) for head in heads}
            if entries != self._entries:
                self._keys = {key.key_id: key for entry in entries.values() for key in entry.keys.values()}
                self._entries = entries
                self._checked = {}
            self._refreshed_at = asked_at

    async def _entry(self, head: Head) -> _Entry:
        known = self._entries.get(head.buyer_id)
        if known is not None and known.head == head:
            return known
        line = timeline(await self._store.revisions(head.buyer_id), self._clock.now() - LOOK_BACK)
        views = [(dated.effective_at, await self._reader.get(head.buyer_id, dated.revision)) for dated in line]
        if known is not None and known.head.keys_revision == head.keys_revision:
            return _Entry(head, views, known.keys)
        return _Entry(head, views, {key.key_id: key for key in await self._store.keys(head.buyer_id)})

    async def run(self, stop: asyncio.Event) -> None:
        """Refresh every second until `stop` is set; outlives Postgres being away."""
        while not stop.is_set():
            try:
                await self.refresh()
                if self._clock.monotonic() - self._used_noted_at >= NOTE_USE_SECONDS:
                    await self.note_use()
            except AppError as failure:
                _log.warning("directory.refresh_failed", reason=type(failure).__name__)
            try:
                await asyncio.wait_for(stop.wait(), POLL_SECONDS)
            except TimeoutError:
                continue
        with suppress(AppError):
            await self.note_use()

    async def note_use(self) -> None:
        """Write down when keys were last used, once for all leads since the last time.

        Raises:
            Unavailable: Postgres is away; the next time will tell.
        """
        used, self._used = self._used, {}
        self._used_noted_at = self._clock.monotonic()
        if used:
            try:
                await self._store.keys_used(used)
            except AppError:
                self._used = used | self._used
                raise

    async def check(self) -> None:
        """For health: raise where the directory is too old to be used."""
        self._require_fresh()

    def authenticate(self, access_key: str, now: datetime, scope: Scope) -> KeyRecord:
        """Whose key this is. Asks nobody.

        Args:
            access_key: the key as it came.
            now: the present instant.
            scope: what it is wanted for.

        Raises:
            KeyMissing: the text is empty.
            KeyInvalid: the key is mistyped, unknown, expired or revoked.
            KeyScope: the key is good, but not for this.
            Unavailable: what is known is too old to tell.
        """
        key = self._checked.get(access_key)
        if key is None:
            key = self._check(access_key)
        self._require_fresh()
        if key.revoked_at is not None:
            raise KeyInvalid(f"the access key {key.key_id} was revoked")
        if key.expires_at is not None and key.expires_at <= now:
            raise KeyInvalid(f"the access key {key.key_id} has expired")
        if key.scopes and scope not in key.scopes:
            raise KeyScope(f"the access key {key.key_id} may {', '.join(key.scopes)}, but not {scope}")
        self._used[key.buyer_id, key.key_id] = now
        return key

    def _check(self, access_key: str) -> KeyRecord:
        if not access_key:
            raise KeyMissing("no access key was sent")
        parts = parse(access_key)
        if parts is None:
            raise KeyInvalid("the access key has a typing error or was cut off")
        self._require_fresh()
        key = self._keys.get(parts.key_id)
        if key is None or not verify(parts, key.secret_sha256):
            raise KeyInvalid("there is no such access key")
        self._checked[access_key] = key
        return key

    def current(self, buyer_id: str, at: datetime | None = None) -> CatalogView:
        """The buyer's catalog in force at an instant of the last minute or of the future; None: now.

        Raises:
            Unavailable: no catalog of that buyer is known (yet).
        """
        entry = self._entries.get(buyer_id)
        if entry is None:
            raise Unavailable(f"no catalog of buyer {buyer_id} is loaded")
        return entry.view(at or self._clock.now())

    def buyer(self, buyer_id: str) -> str:
        """The buyer that is meant; an empty id means the only one there is.

        Raises:
            NotFound: there is no such buyer, or none yet.
            Malformed: the id is empty and there are several.
        """
        if buyer_id in self._entries:
            return buyer_id
        if buyer_id or not self._entries:
            raise NotFound("there is no such buyer")
        if len(self._entries) > 1:
            raise Malformed.field("buyer_id", "expected a buyer: this store has several")
        return next(iter(self._entries))

    def _require_fresh(self) -> None:
        if self.age_seconds > STALE_SECONDS:
            raise Unavailable("access keys cannot be checked: the store does not answer")
