"""Hours at which leads may be called, by where intake says that their people may be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from services.routing.contacts_client import Contacts
from services.routing.gate import hours
from services.routing.gate.person import Person
from services.routing.work.lawful import Callability


class ContactHours:
    """Asks intake where people are and reads the hours' rules; see `lawful.Hours`. Keeps nothing."""

    def __init__(self, contacts: Contacts) -> None:
        self._contacts = contacts

    async def judge(self, buyer_id: str, lead_ids: Sequence[UUID], at: datetime) -> Mapping[UUID, Callability]:
        """One answer a lead. Raises AppError where intake cannot tell."""
        people = await self._contacts.fetch(buyer_id, lead_ids)
        return {lead_id: _callability(person, at) for lead_id, person in zip(lead_ids, people, strict=True)}


def _callability(person: Person | None, at: datetime) -> Callability:
    if person is None or person.test or not person.phone:
        return Callability(False)
    places = hours.places_of(person.state, person.postal_code, person.phone)
    if hours.lawful(places, "call", at):
        return Callability(True)
    return Callability(False, hours.next_lawful(places, "call", at))
