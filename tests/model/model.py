"""What must be: persons, caps and a ledger in plain dicts, one thing after the other. Shares no code with the services.

`Model.expect` says what a submission must be answered; `Model.take` makes it so. Money is in cents.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("America/New_York")
NAMED_KEY_LIFE = timedelta(days=30)
CONTENT_KEY_LIFE = timedelta(minutes=10)
OWN = "own"
#: Any of the reasons for a duplicate: several sellers sold the person at one and the same instant.
SOME_DUPLICATE = "some duplicate"
DUPLICATES = frozenset({"existing_customer", "duplicate_same_seller", "duplicate_other_seller", SOME_DUPLICATE})


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


class Item(NamedTuple):
    """One submission. `order` and `external_id` may be empty."""

    seller: str
    order: str
    phone: str
    email: str
    external_id: str

    @property
    def key(self) -> tuple[str, str]:
        """What makes two submissions one."""
        return self.seller, f"id:{self.external_id}" if self.external_id else f"content:{self}"

    @property
    def life(self) -> timedelta:
        """How long the key stands for one submission."""
        return NAMED_KEY_LIFE if self.external_id else CONTENT_KEY_LIFE


class Answer(NamedTuple):
    """`what`: `accepted`, `rejected`, `pending`, or `conflict` for a used key with other content."""

    what: str
    order: str = ""
    price: int = 0
    reasons: frozenset[str] = frozenset()
    #: The lead that had the same answer before; empty: this is a new lead.
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


class Transfer(NamedTuple):
    """Cents from one account to another. `cause`: empty for a charge."""

    kind: str
    lead: str
    amount: int
    debit: str
    credit: str
    cause: str = ""
    undoes: str = ""


@dataclass
class Model:
    """One buyer's world."""

    revisions: list[tuple[datetime, Mapping[str, Terms]]]
    submissions: dict[tuple[str, str], tuple[Item, str, datetime]] = field(default_factory=dict)
    leads: dict[str, tuple[Item, Answer]] = field(default_factory=dict)
    claims: list[Claim] = field(default_factory=list)
    #: Leads and cents by order, window and the window's name by the clock on the wall.
    used: dict[tuple[str, str, str], tuple[int, int]] = field(default_factory=dict)
    last_turn: dict[str, datetime] = field(default_factory=dict)
    transfers: list[Transfer] = field(default_factory=list)

    def copy(self) -> Model:
        """Another one that knows the same."""
        return Model(
            list(self.revisions), dict(self.submissions), dict(self.leads), list(self.claims), dict(self.used),
            dict(self.last_turn), list(self.transfers),
        )  # fmt: skip

    def amend(self, at: datetime, terms: Mapping[str, Terms]) -> None:
        """Other terms from an instant on; what was to come into force then or later never does."""
        while self.revisions and self.revisions[-1][0] >= at:
            self.revisions.pop()
        self.revisions.append((at, terms))

    def terms(self, at: datetime) -> Mapping[str, Terms]:
        """The terms in force."""
        return next((terms for since, terms in reversed(self.revisions) if since <= at), self.revisions[0][1])

    def expect(self, item: Item, now: datetime) -> Answer:
        """The answer that a submission must get now."""
        taken = self.submissions.get(item.key)
        if taken is not None and taken[2] > now:
            before, lead, _ = taken
            return Answer("conflict") if before != item else self.leads[lead][1]._replace(replay_of=lead)
        terms = self.terms(now)
        if item.order:
            candidates = [terms[item.order]]
        else:
            candidates = [one for one in terms.values() if one.seller == item.seller and one.active]
        if not candidates:
            return Answer("rejected", reasons=frozenset({"order_not_found"}))
        found = {one.order: list(self._against(one, item, now)) for one in candidates}
        clean = [one for one in candidates if not found[one.order]]
        if clean:
            best = min(clean, key=lambda one: one.priority)
            return Answer("accepted", best.order, best.price)
        nearest = min(candidates, key=lambda one: (len(found[one.order]), one.priority))
        return Answer("rejected", nearest.order, 0, frozenset(found[nearest.order]))

    def against(self, order: str, item: Item, now: datetime) -> frozenset[str]:
        """Every reason that an order has against a submission."""
        return frozenset(self._against(self.terms(now)[order], item, now))

    def price(self, order: str, now: datetime) -> int:
        """What the order pays."""
        return self.terms(now)[order].price

    def take(self, item: Item, now: datetime, answer: Answer, lead: str) -> None:
        """Make an answer true. Nothing happens for one that is not new."""
        if answer.replay_of or answer.what == "conflict":
            return
        self.submissions[item.key] = (item, lead, now + item.life)
        self.leads[lead] = (item, answer)
        if answer.what != "accepted":
            return
        terms = self.terms(now)[answer.order]
        for kind, value in (("phone", item.phone), ("email", item.email)):
            if value:
                self.claims.append(Claim(kind, value, lead, item.seller, now))
        for limit in terms.limits:
            row = (terms.order, limit.window, window_name(limit.window, now))
            leads, spend = self.used.get(row, (0, 0))
            self.used[row] = (leads + 1, spend + answer.price)
        if terms.pace:
            self.last_turn[terms.order] = now
        if answer.price:
            accounts = (f"spend:{terms.order}", f"payable:{item.seller}")
            self.transfers.append(Transfer("charge", lead, answer.price, *accounts))

    def correct(self, kind: str, lead: str, amount: int, cause: str, undoes: str) -> str:
        """Move money after the purchase: `posted`, `known` where the same was posted before, or `refused`."""
        item, answer = self.leads[lead]
        spend, payable, held = f"spend:{answer.order}", f"payable:{item.seller}", f"held:{item.seller}"
        debit, credit = {
            "credit": (payable, spend),
            "reversal": (spend, payable),
            "hold": (payable, held),
            "release": (held, payable),
        }[kind]
        wanted = Transfer(kind, lead, amount, debit, credit, cause, undoes)
        for one in self.transfers:
            if (one.kind, one.cause) == (kind, cause):
                return "known" if one == wanted else "refused"
        if not answer.price or (kind in ("credit", "hold") and amount > self.left_of(lead)):
            return "refused"
        if undoes and any(one.undoes == undoes for one in self.transfers):
            return "refused"
        self.transfers.append(wanted)
        return "posted"

    def left_of(self, lead: str) -> int:
        """What credits and holds have left of a lead's charge."""
        sign = {"charge": 1, "credit": -1, "hold": -1, "reversal": 1, "release": 1}
        return sum(sign[one.kind] * one.amount for one in self.transfers if one.lead == lead)

    def balances(self) -> dict[str, int]:
        """What each account holds; they sum to zero."""
        total: Counter[str] = Counter()
        for one in self.transfers:
            total[one.debit] -= one.amount
            total[one.credit] += one.amount
        return dict(total)

    def _against(self, terms: Terms, item: Item, now: datetime) -> Iterable[str]:
        """Every reason that an order has against a submission."""
        if not terms.active:
            yield "order_inactive"
        yield from {self._duplicate(terms, item, kind, now) for kind in terms.match} - {""}
        for limit in terms.limits:
            leads, spend = self.used.get((terms.order, limit.window, window_name(limit.window, now)), (0, 0))
            if limit.leads is not None and leads + 1 > limit.leads:
                yield "cap_reached"
            if limit.spend is not None and spend + terms.price > limit.spend:
                yield "budget_exhausted"
        last = self.last_turn.get(terms.order)
        if terms.pace and last is not None and last + timedelta(seconds=terms.pace) > now:
            yield "pacing"

    def _duplicate(self, terms: Terms, item: Item, kind: str, now: datetime) -> str:
        value = getattr(item, kind)
        since = now - timedelta(days=terms.window_days)
        # All of one product here, so that its scope is the buyer's.
        earlier = [
            claim
            for claim in self.claims
            if terms.window_days and value and (claim.kind, claim.value) == (kind, value) and claim.at > since
            and (terms.scope != "seller" or claim.seller in (item.seller, OWN))
        ]  # fmt: skip
        if not earlier:
            return ""
        newest = max(claim.at for claim in earlier)
        sellers = {claim.seller for claim in earlier if claim.at == newest}
        if len(sellers) > 1:
            return SOME_DUPLICATE
        if sellers == {OWN}:
            return "existing_customer"
        return "duplicate_same_seller" if sellers == {item.seller} else "duplicate_other_seller"


def window_name(window: str, at: datetime) -> str:
    """The window that an instant is in, as the clock on the buyer's wall says it."""
    local = at.astimezone(ZONE)
    return {"hour": f"{local:%Y-%m-%d %H %Z}", "day": f"{local:%Y-%m-%d}", "total": ""}[window]
