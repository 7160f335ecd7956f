"""Makes a pack: gathers what is known of one lead, lays it out for people, has it signed.

A part that is not there says so in words; a part that cannot be had now means no pack.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC
from typing import Any, NamedTuple

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from services.validation.evidence import texts_named
from services.validation.evidence_store import EvidenceStore
from services.validation.pack.parts_service import parts_of
from services.validation.pack.sources_client import Sources
from shared.evidence.archive import pack, public_key
from shared.evidence.verify import CONSENT, Consent, Record
from shared.runtime.clock import Clock


class Made(NamedTuple):
    """A pack, and the lead that it is about."""

    lead_id: str
    archive: bytes


class PackMaker:
    """Packs leads under one key."""

    def __init__(self, sources: Sources, evidence: EvidenceStore, key: Ed25519PrivateKey, clock: Clock) -> None:
        self._sources = sources
        self._evidence = evidence
        self._key = key
        self._clock = clock

    @property
    def public_key(self) -> str:
        """The public half of its key, 32 bytes in hex."""
        return public_key(self._key)

    async def make(self, buyer_id: str, *, lead_id: str, return_id: str, asked_by: str, why: str) -> Made:
        """Pack a lead, or the lead of a return; one of the two ids is empty.

        Raises:
            NotFound: there is no such lead, or no such return.
            AppError: a part cannot be had now.
        """
        file = await self._sources.file(buyer_id, lead_id, return_id)
        lead_id = file.lead.answer.lead_id
        contacts = await self._sources.contacts(buyer_id, lead_id)
        parts: dict[str, bytes] = {**parts_of(file, contacts), CONSENT: await self._consent(buyer_id, lead_id)}
        archive = pack(
            dict(sorted(parts.items())),
            buyer_id=buyer_id,
            lead_id=lead_id,
            asked_by=asked_by,
            why=why,
            made_at=self._clock.now().astimezone(UTC),
            key=self._key,
        )
        return Made(lead_id, archive)

    async def _consent(self, buyer_id: str, lead_id: str) -> bytes:
        links = await self._evidence.of_lead(buyer_id, lead_id)
        texts = await self._evidence.texts(buyer_id, list(texts_named(links)))
        consent = Consent(
            records=tuple(
                Record(
                    position=link.position,
                    kind=link.kind,
                    record=link.record,
                    keep_until=link.keep_until,
                    previous_hash=link.previous_hash.hex(),
                    hash=link.hash.hex(),
                )
                for link in links
            ),
            texts=texts,
        )
        return laid_out(consent)


def laid_out(value: Mapping[str, Any] | msgspec.Struct) -> bytes:
    """JSON as people read it."""
    return msgspec.json.format(msgspec.json.encode(value), indent=2)
