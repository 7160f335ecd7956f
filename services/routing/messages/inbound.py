"""What comes back from people, and what is said to it. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal
from uuid import UUID, uuid5

from services.routing.messages.segments import plain
from shared.catalog.terms import Buyer

#: Makes the attempt that a reply is from its message: the same message again is the same attempt.
_NAMESPACE: Final = UUID("0b2f8a56-7d0e-5a7c-9b86-3c9f0a4f5d21")

CallOutcome = Literal["recorded", "ignored", "unknown"]
CallStatus = Literal["ringing", "answered", "completed", "busy", "no_answer", "failed", "canceled"]
AnsweredBy = Literal["", "person", "machine"]
EmailType = Literal["bounce", "complaint", "reply"]

#: Nobody was reached, and nobody will be by this call.
OVER: Final = frozenset({"completed", "busy", "no_answer", "failed", "canceled"})
_ANSWER_TO: Final = re.compile(r"^\s*(?:re|aw|fwd?)\s*:", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class InboundText:
    """A text from a person."""

    message_id: str
    #: E.164, both.
    sender: str = field(repr=False)
    to: str
    text: str = field(repr=False)
    received_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class InboundEmail:
    """Something about an e-mail; see the contract's message."""

    message_id: str
    type: EmailType
    address: str = field(repr=False)
    to: str
    delivery_id: UUID | None
    permanent: bool
    #: Written by a program: an absence note is nobody's answer.
    automatic: bool
    subject: str = field(repr=False)
    text: str = field(repr=False)
    received_at: datetime

    @property
    def words(self) -> str:
        """What the person wrote. The subject of an answer is ours and says nothing."""
        return self.text if _ANSWER_TO.match(self.subject) else f"{self.subject}\n{self.text}"


@dataclass(frozen=True, slots=True, kw_only=True)
class CallReport:
    """What became of a call."""

    message_id: str
    attempt_id: UUID
    status: CallStatus
    answered_by: AnsweredBy
    at: datetime

    @property
    def live(self) -> bool:
        """Somebody answered who is not a machine. Who cannot be told from a machine is taken for none."""
        return self.answered_by == "person" and self.status in ("answered", "completed")


@dataclass(frozen=True, slots=True)
class TextAnswer:
    """What a text was taken for (`opted_out`, `help`, `reply`, `ignored`), and what is texted back; empty: nothing."""

    outcome: str
    reply: str = ""
    reply_from: str = ""


def confirmation_of_opt_out(buyer: Buyer) -> str:
    """The one text that may follow an opt-out: that it holds, no promotion, within five minutes.

    Source: 47 CFR 64.1200(a)(12).
    """
    return plain(f"{buyer.name}: You are opted out and will get no more messages. Reply HELP for help.")


def help_text(buyer: Buyer) -> str:
    """The answer to HELP: who writes, how to reach them, how to end it.

    Source: CTIA Messaging Principles and Best Practices (2023), 5.1.2 and 5.1.3.
    """
    reached = buyer.caller_id or buyer.email_from.rpartition("<")[2].rstrip(">")
    return plain(
        f"{buyer.name}: messages about the request that you sent. Help: {reached}. Reply STOP to opt out. "
        "Msg & data rates may apply."
    )


def attempt_of(kind: str, message_id: str) -> UUID:
    """The attempt that a person's reply is recorded as."""
    return uuid5(_NAMESPACE, f"{kind}|{message_id}")
