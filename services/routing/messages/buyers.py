"""Whose number or mailbox a message was sent to."""

from __future__ import annotations

from collections.abc import Sequence
from email.utils import parseaddr
from typing import Protocol

from services.routing.messages.writing import Catalogs
from shared.catalog.terms import Buyer


class InForce(Protocol):
    """See `services.routing.messages.inbound_store.InboundStore`."""

    async def buyers(self) -> list[tuple[str, int]]:
        """Every buyer, with its catalog revision in force."""


class Buyers:
    """The buyers of this install, by their terms in force."""

    def __init__(self, in_force: InForce, catalogs: Catalogs) -> None:
        self._in_force = in_force
        self._catalogs = catalogs

    async def all(self) -> list[Buyer]:
        """Every one. Raises AppError."""
        found = await self._in_force.buyers()
        return [(await self._catalogs.get(buyer_id, revision)).buyer for buyer_id, revision in found]


def with_number(buyers: Sequence[Buyer], number: str) -> list[Buyer]:
    """Those who text from a number, or show it on calls."""
    return [buyer for buyer in buyers if number and number in (buyer.text_from, buyer.caller_id)]


def with_mailbox(buyers: Sequence[Buyer], address: str) -> list[Buyer]:
    """Those who send e-mails from an address."""
    return [buyer for buyer in buyers if address and parseaddr(buyer.email_from)[1].lower() == address.lower()]
