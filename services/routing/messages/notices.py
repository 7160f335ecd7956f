"""Hands opt-outs that came in to the contact gate, with all that is known of whose they are."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Final, Protocol
from uuid import UUID

import structlog

from services.routing.contacts_client import Contacts
from services.routing.gate.facts import SaidBy, Scope
from services.routing.gate.opt_outs import Notice
from services.routing.gate.person import Person
from shared.rpc.errors import AppError, Malformed

_log = structlog.get_logger(__name__)

#: Says that it is this part of the system that understood it.
RECORDED_BY: Final = "inbound"


class OptOuts(Protocol):
    """See `services.routing.gate.opt_outs.OptOuts`."""

    async def record(self, notice: Notice) -> UUID:
        """Take an opt-out; when this returns, no contact that it forbids begins. Raises AppError."""


class Wishes:
    """Ends contact with whoever asks for it.

    Whose number or mailbox it is helps to end more, and is no condition: where intake is away, or the person was
    forgotten or never bought, the opt-out holds for the address that it came from, and for those that the lead was
    reached at.
    """

    def __init__(self, opt_outs: OptOuts, contacts: Contacts) -> None:
        self._opt_outs = opt_outs
        self._contacts = contacts

    async def end(
        self,
        buyer_id: str,
        scope: Scope,
        said_by: SaidBy,
        said_at: datetime,
        *,
        lead_id: UUID | None,
        phone: str = "",
        email: str = "",
    ) -> None:
        """Take an opt-out. Where no address is known that its scope is about, it ends every contact.

        Raises:
            Malformed: no address of the person is known at all.
            Unavailable: it is not certain that it holds; to be told again.
        """
        notice = Notice(
            buyer_id=buyer_id,
            scope=scope,
            said_by=said_by,
            said_at=said_at,
            recorded_by=RECORDED_BY,
            lead_id=lead_id,
            person=await self._person(buyer_id, lead_id),
            phone=phone,
            email=email,
        )
        try:
            await self._opt_outs.record(notice)
        except Malformed:
            # "Do not e-mail me", from a number of which no mailbox is known.
            await self._opt_outs.record(replace(notice, scope="all"))

    async def _person(self, buyer_id: str, lead_id: UUID | None) -> Person | None:
        if lead_id is None:
            return None
        try:
            (person,) = await self._contacts.fetch(buyer_id, [lead_id])
        except AppError as error:
            _log.warning("opt-out taken without the person's other addresses", exc_info=error, lead_id=str(lead_id))
            return None
        return person
