"""Has the issuer keep the certificates of bought leads, and adds to the evidence what became of each.

After the sale and not before: the issuer charges for it, and a lead that was not bought is not worth it. A worker that
dies between the issuer's yes and the record of it asks again, and the issuer says that it has it already.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import timedelta
from typing import Protocol

import structlog

from services.validation.consent.certificate_client import Retained
from services.validation.consent.issuer import ten_digits
from services.validation.evidence import kept_until, written
from services.validation.evidence_store import Entry, EvidenceStore
from services.validation.records_client import Person
from services.validation.retention_store import Claimed, RetentionStore
from shared.db.failures import translated
from shared.rpc.errors import AppError
from shared.runtime.clock import Clock
from shared.telemetry.logging import failure

_log = structlog.get_logger(__name__)

BATCH = 20
#: Longer than all calls of a batch may take.
LEASE = timedelta(seconds=120)
_FIRST_WAIT, _LONGEST_WAIT = 5.0, 3600.0
_STATES = {"retained": "retained", "not_matched": "retained", "gone": "failed"}


class Keeper(Protocol):
    """Who keeps certificates; see `CertificateClient`."""

    async def retain(self, token: str, *, phone: str, email: str, reference: str, vendor: str) -> Retained:
        """Have a certificate kept."""
        ...


class People(Protocol):
    """Who knows how to reach the person of a lead; see `IntakeRecords`."""

    async def person(self, buyer_id: str, lead_id: str) -> Person | None:
        """None: unknown or forgotten."""
        ...


class RetentionWorker:
    """Works through the certificates that are due, until told to stop."""

    def __init__(
        self,
        keeper: Keeper,
        people: People,
        store: RetentionStore,
        evidence: EvidenceStore,
        clock: Clock,
        *,
        idle_seconds: float = 1.0,
    ) -> None:
        self._keeper = keeper
        self._people = people
        self._store = store
        self._evidence = evidence
        self._clock = clock
        self._idle_seconds = idle_seconds

    async def run(self, stop: asyncio.Event) -> None:
        """Keep what is due; outages are waited out."""
        while not stop.is_set():
            try:
                worked = await self.step()
            except AppError as error:
                _log.warning("certificates not claimed", **failure(error))
                worked = 0
            if worked < BATCH:
                with suppress(TimeoutError):
                    await asyncio.wait_for(stop.wait(), self._idle_seconds)

    async def step(self) -> int:
        """Work through one batch; returns how many there were. Raises AppError where Postgres is away."""
        claimed = await self._store.claim(self._clock.now(), LEASE, BATCH)
        results = await asyncio.gather(*[self._keep(one) for one in claimed], return_exceptions=True)
        for result in results:
            if isinstance(result, BaseException):
                # Its lease runs out, and it is tried again.
                _log.warning("a certificate is left for later", **failure(result))
        return len(claimed)

    async def _keep(self, claimed: Claimed) -> None:
        person = await self._people.person(claimed.buyer_id, claimed.lead_id)
        if person is None:
            # Without phone and e-mail the issuer keeps nothing.
            await self._settle(claimed, "failed", "forgotten", Retained("gone"))
            return
        kept = await self._keeper.retain(
            claimed.token,
            phone=ten_digits(person.phone),
            email=person.email,
            reference=claimed.lead_id,
            vendor=claimed.seller,
        )
        if kept.outcome == "later" and self._clock.now() < claimed.give_up_at:
            wait = min(_FIRST_WAIT * 2.0 ** (claimed.attempts - 1), _LONGEST_WAIT)
            await self._store.postpone(claimed, self._clock.now() + timedelta(seconds=wait))
            return
        outcome = "gone" if kept.outcome == "later" else kept.outcome
        await self._settle(claimed, _STATES[outcome], outcome, kept)

    async def _settle(self, claimed: Claimed, state: str, outcome: str, kept: Retained) -> None:
        now = self._clock.now()
        record = written(
            {
                "lead_id": claimed.lead_id,
                "certificate": claimed.token,
                "outcome": outcome,
                "previously_retained": kept.previously,
                "expires_at": kept.expires_at,
                "recorded_at": now.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            }
        )
        entry = Entry(claimed.lead_id, "certificate", kept_until(now.date()), record)
        pool = self._store.pool
        async with translated(pool), pool.acquire() as connection, connection.transaction():
            if await self._store.settle(connection, claimed, state, outcome):
                await self._evidence.append(connection, claimed.buyer_id, [entry], {})
        if state == "failed":
            _log.warning("a certificate could not be kept", lead_id=claimed.lead_id, outcome=outcome)
