"""DedupService: protobuf in, protobuf out; the rules are in `duplicates` and `exclusivity`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import grpc

from leadline.dedup.v1.dedup_service_pb2 import (
    CheckedLead,
    CheckLeadsRequest,
    CheckLeadsResponse,
    Identity,
    LeadToCheck,
    Likeness,
)
from leadline.dedup.v1.dedup_service_pb2_grpc import DedupServiceServicer
from services.dedup.answers import Answers
from services.dedup.fingerprint import ALWAYS, Details, Fingerprints
from services.dedup.similar import Asked, Found, SimilarPeople
from services.dedup.store import ClaimStore
from services.dedup.suppression import Listed
from shared.catalog.snapshot import CatalogReader, CatalogView
from shared.rpc.errors import Malformed
from shared.runtime.clock import Clock

MOST_LEADS = 256
_NOBODY = Found()


class DedupService(DedupServiceServicer):
    """Answers batches of leads of one buyer at one catalog revision."""

    def __init__(
        self,
        *,
        catalogs: CatalogReader,
        store: ClaimStore,
        people: SimilarPeople,
        fingerprints: Fingerprints,
        clock: Clock,
    ) -> None:
        self._catalogs = catalogs
        self._store = store
        self._people = people
        self._fingerprints = fingerprints
        self._clock = clock

    async def CheckLeads(self, request: CheckLeadsRequest, _: grpc.aio.ServicerContext[Any, Any]) -> CheckLeadsResponse:
        """Raises Malformed for a request that no state could make right, NotFound for an unknown revision."""
        if len(request.leads) > MOST_LEADS:
            raise Malformed.field("leads", f"expected at most {MOST_LEADS}")
        buyer_id, of = request.buyer_id, self._fingerprints.of
        view = await self._catalogs.get(buyer_id, request.catalog_revision)
        persons = [of(buyer_id, _details(lead), view.match_keys) for lead in request.leads]
        lead_ids = _lead_ids(request.leads)
        asked = [
            (digest, lead_id)
            for lead_id, identities in zip(lead_ids, persons, strict=True)
            for _kind, digest in identities
        ]
        now = self._clock.now()
        details, owners = self._listable(buyer_id, request.leads, persons)
        known = await self._store.known(buyer_id, asked, details, now)
        listed: dict[int, list[Listed]] = {}
        for index, lists in known.listed.items():
            listed.setdefault(owners[index], []).extend(lists)
        found = [_NOBODY] * len(persons)
        if view.compares_people:
            found = await self._people.of(buyer_id, _asked(request.leads, lead_ids, view))
        answers, position, results = Answers(view, now), 0, []
        for n, (lead, identities, alike) in enumerate(zip(request.leads, persons, found, strict=True)):
            seen = {kind: known.earlier.get(position + offset, ()) for offset, (kind, _) in enumerate(identities)}
            position += len(identities)
            result = CheckedLead(identities=[Identity(kind=kind, digest=digest) for kind, digest in identities])
            result.MergeFrom(answers.of(lead, seen, identities, alike.similar, listed.get(n, ())))
            result.likenesses.extend(Likeness(digest=digest, seen=newest) for digest, newest in alike.keys)
            results.append(result)
        return CheckLeadsResponse(results=results)

    def _listable(
        self, buyer_id: str, leads: Sequence[LeadToCheck], persons: Sequence[Sequence[tuple[str, bytes]]]
    ) -> tuple[list[bytes], list[int]]:
        """Digests that may be on a list, and which lead each is of."""
        details, owners = [], []
        for n, (lead, identities) in enumerate(zip(leads, persons, strict=True)):
            own = [digest for kind, digest in identities if kind in ALWAYS]
            # Hashes on lists from elsewhere are of addresses as they were written.
            if lead.email and (written := self._fingerprints.email_as_written(buyer_id, lead.email)):
                own.append(written)
            details += own
            owners += [n] * len(own)
        return details, owners


def _asked(leads: Sequence[LeadToCheck], lead_ids: Sequence[UUID], view: CatalogView) -> list[Asked]:
    """Every lead with all that identifies its person; compared where one of its orders compares people."""
    asked = []
    for lead, lead_id in zip(leads, lead_ids, strict=True):
        orders = (view.order(candidate.order) for candidate in lead.candidates)
        compared = any(order is not None and order.duplicates.fuzzy != "off" for order in orders)
        details = {field.name: value for field, value in lead.person.ListFields()}
        asked.append(Asked(lead_id, details | {"phone": lead.phone, "email": lead.email}, compared))
    return asked


def _details(lead: LeadToCheck) -> Details:
    if not lead.HasField("person"):
        return Details(lead.phone, lead.email, lead.phone_sha256, lead.email_sha256)
    person = lead.person
    return Details(
        lead.phone,
        lead.email,
        lead.phone_sha256,
        lead.email_sha256,
        person.first_name,
        person.last_name,
        person.full_name,
        person.street,
        person.postal_code,
        person.date_of_birth,
    )


def _lead_ids(leads: Sequence[LeadToCheck]) -> list[UUID]:
    ids = []
    for index, lead in enumerate(leads):
        try:
            ids.append(UUID(lead.lead_id))
        except ValueError:
            raise Malformed.field(f"leads[{index}].lead_id", "expected a UUID") from None
    return ids
