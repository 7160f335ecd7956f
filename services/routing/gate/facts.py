"""What the gate knows of one person at one moment. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal

from services.routing.gate.rules import Channel

#: What an opt-out stops. `phone`: calls and texts.
Scope = Literal["all", "phone", "call", "text", "email"]
SaidBy = Literal["text", "email", "call", "link", "agent", "letter"]

#: What a register of numbers says: whether the number is on it; `unknown`: it could not be asked, or cannot tell.
Answer = Literal["clear", "hit", "unknown"]

_COVERS: Mapping[Scope, frozenset[Channel]] = {
    "all": frozenset({"call", "text", "email"}),
    "phone": frozenset({"call", "text"}),
    "call": frozenset({"call"}),
    "text": frozenset({"text"}),
    "email": frozenset({"email"}),
}


@dataclass(frozen=True, slots=True)
class OptOut:
    """An opt-out that was not withdrawn."""

    scope: Scope
    said_by: SaidBy
    said_at: datetime

    def stops(self, channel: Channel) -> bool:
        """Whether it stops contact over a channel."""
        return channel in _COVERS[self.scope]


@dataclass(frozen=True, slots=True)
class Attempt:
    """A contact that was allowed."""

    channel: Channel
    automatic: bool
    purpose: str
    at: datetime


@dataclass(frozen=True, slots=True)
class ListState:
    """A do-not-call list as the buyer has it."""

    version: date
    #: The person's number is on it.
    listed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the gate knows of one person at one moment.

    Attributes:
        opt_outs: of any of the person's addresses.
        attempts: at the person's phone, of the last day.
        lists: the buyer's do-not-call lists, by name.
        do_not_contact: the person is on a suppression list of people who are not to be contacted.
        litigator: whether the number belongs to somebody who sues over calls; None: nobody is asked.
        reassigned: whether the number has changed hands since the consent; None: nobody is asked.
    """

    opt_outs: tuple[OptOut, ...] = ()
    attempts: tuple[Attempt, ...] = ()
    lists: Mapping[str, ListState] = field(default_factory=dict)
    do_not_contact: bool = False
    litigator: Answer | None = None
    reassigned: Answer | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderTerms:
    """What the order says today; an order that the catalog no longer has is held to the strictest.

    Attributes:
        buyer: the buyer's name, as a consent text would write it.
        names_buyer: a consent text must name the buyer.
        automatic_to_shared: programs may write to people whose opt-in others have as well.
    """

    buyer: str
    names_buyer: bool = True
    automatic_to_shared: bool = False
