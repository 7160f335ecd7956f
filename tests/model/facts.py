"""What the model speaks of. Money is in cents."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("America/New_York")
NAMED_KEY_LIFE = timedelta(days=30)
CONTENT_KEY_LIFE = timedelta(minutes=10)
#: How long a bid holds its price and its place; how long pings are remembered.
BID_LIFE = timedelta(seconds=120)
PINGS_KEPT = timedelta(days=30)
#: How long an order may take to decide a lead that was kept; what knows no order waits this long.
DECISION_WINDOW, SHORT_WINDOW = timedelta(seconds=900), timedelta(seconds=60)
#: How much longer than its lead may wait a bid is held for it.
HOLD_SLACK = timedelta(minutes=1)
OWN = "own"
#: Any of the reasons for a duplicate: several sellers sold the person at one and the same instant.
SOME_DUPLICATE = "some duplicate"
DUPLICATES = frozenset({"existing_customer", "duplicate_same_seller", "duplicate_other_seller", SOME_DUPLICATE})
BID_REASONS = frozenset({"bid_mismatch", "bid_expired"})


class Limit(NamedTuple):
    """The most leads, or cents, in a window; None: unlimited."""

    window: Literal["hour", "day", "total"]
    leads: int | None = None
    spend: int | None = None


@dataclass(frozen=True)
class Terms:
    """What one order asks for. `priority` differs from order to order, so that a choice is never a tie."""

    order: str
    seller: str
    priority: int
    price: int
    limits: tuple[Limit, ...] = ()
    window_days: int = 30
    match: tuple[str, ...] = ("phone", "email")
    scope: Literal["buyer", "seller", "product"] = "buyer"
    active: bool = True
    #: Seconds between two leads.
    pace: int = 0


@dataclass(frozen=True)
class Taking:
    """What a seller takes back, of every order of its; the same at any time."""

    #: Of a hundred bought; None: any number.
    percent: int | None
    fee: int
    #: A request within the terms is granted at once; else the seller is asked.
    at_once: bool
    oldest: timedelta = timedelta(days=30)
    answer: timedelta = timedelta(days=1)
    dispute: timedelta = timedelta(days=2)


TAKES_BACK = {"a": Taking(50, 100, at_once=True), "b": Taking(None, 0, at_once=False)}


class Item(NamedTuple):
    """One submission, or a ping. `order`, `external_id` and `bid` may be empty; of a ping also phone and e-mail."""

    seller: str
    order: str
    phone: str
    email: str
    external_id: str
    #: The ping whose bid it takes up.
    bid: str = ""

    @property
    def key(self) -> tuple[str, str]:
        """What makes two submissions one."""
        return self.seller, f"id:{self.external_id}" if self.external_id else f"content:{self}"

    @property
    def life(self) -> timedelta:
        """How long the key stands for one submission."""
        return NAMED_KEY_LIFE if self.external_id else CONTENT_KEY_LIFE


class Answer(NamedTuple):
    """`what`: `accepted`, `rejected`, `pending`, `bid`, `no_bid`, or `conflict` for a used key with other content."""

    what: str
    order: str = ""
    price: int = 0
    reasons: frozenset[str] = frozenset()
    #: The lead, or ping, that had the same answer before; empty: this is a new one.
    replay_of: str = ""

    @property
    def decision(self) -> Answer:
        """Without the reasons: those depend on how much of a rival was seen."""
        return self._replace(reasons=frozenset())

    def explains(self, told: Answer) -> bool:
        """True where this, of the model, is what was told."""
        mine, theirs = self.reasons, told.reasons
        if SOME_DUPLICATE in mine and theirs & DUPLICATES:
            mine, theirs = mine - DUPLICATES, theirs - DUPLICATES
        return mine == theirs and self.decision == told.decision


class Claim(NamedTuple):
    """A person's detail, and who sold it when."""

    kind: str
    value: str
    lead: str
    seller: str
    at: datetime


class Bid(NamedTuple):
    """What was promised for a ping, by the order's terms of then."""

    item: Item
    terms: Terms
    ends: datetime


class Hold(NamedTuple):
    """The places that a bid keeps."""

    #: Order, window and its name.
    rows: tuple[tuple[str, str, str], ...]
    price: int
    #: From then on it is given back, by whoever looks.
    ends: datetime
    #: The pending lead that keeps it.
    lead: str = ""


class Transfer(NamedTuple):
    """Cents from one account to another. `cause`: empty for a charge."""

    kind: str
    lead: str
    amount: int
    debit: str
    credit: str
    cause: str = ""
    undoes: str = ""


class Returned(NamedTuple):
    """A lead that is asked back."""

    lead: str
    state: str
    amount: int
    steps: int = 0
    answer_by: datetime | None = None
    dispute_by: datetime | None = None
    #: The step whose credit, or hold, stands.
    credit: int = 0
    hold: int = 0


def window_name(window: str, at: datetime) -> str:
    """The window that an instant is in, as the clock on the buyer's wall says it."""
    local = at.astimezone(ZONE)
    return {"hour": f"{local:%Y-%m-%d %H %Z}", "day": f"{local:%Y-%m-%d}", "total": ""}[window]
