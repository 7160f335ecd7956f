"""The lawful hours of people, by where the contact gate says that they may be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from services.routing.contacts_client import Contacts
from services.routing.gate.hours import next_lawful
from services.routing.gate.places import Places, places_of
from services.routing.playbook.engine import NextLawful
from shared.catalog.following import StepChannel


def hours_at(places: Places) -> NextLawful:
    """When somebody who may be at these places may be reached. Texts and e-mails are sent by a program."""

    def lawful_from(channel: StepChannel, at: datetime) -> datetime | None:
        if channel == "deliver":
            return at
        return next_lawful(places, channel, at, automatic=channel != "call")

    return lawful_from


class PeoplesHours:
    """Asks intake where people are, at the moment it is needed."""

    def __init__(self, contacts: Contacts) -> None:
        self._contacts = contacts

    async def of(self, buyer_id: str, lead_ids: Sequence[UUID]) -> Mapping[UUID, NextLawful]:
        """The lawful hours of each lead's person; a lead is left out whose person was forgotten.

        Raises:
            AppError: intake does not answer now.
        """
        people = await self._contacts.fetch(buyer_id, lead_ids)
        return {
            lead_id: hours_at(places_of(person.state, person.postal_code, person.phone))
            for lead_id, person in zip(lead_ids, people, strict=True)
            if person is not None
        }
