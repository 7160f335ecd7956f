"""What must be: persons, caps, bids and money in plain dicts, one thing after the other.

Shares no code with the services. `Model.expect` says what a submission must be answered; `Model.take` makes it so.
Money is in cents.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from tests.model.books import Books, Sold
from tests.model.facts import (
    BID_LIFE,
    BID_REASONS,
    DECISION_WINDOW,
    HOLD_SLACK,
    OWN,
    PINGS_KEPT,
    SHORT_WINDOW,
    SOME_DUPLICATE,
    Answer,
    Bid,
    Claim,
    Hold,
    Item,
    Terms,
    window_name,
)

_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


class _Taken(NamedTuple):
    """A bid that a lead takes up, and what is wrong with that."""

    bid: Bid | None
    wrong: frozenset[str] = frozenset()


@dataclass
class Model:
    """One buyer's world."""

    revisions: list[tuple[datetime, Mapping[str, Terms]]]
    submissions: dict[tuple[str, str], tuple[Item, str, datetime]] = field(default_factory=dict)
    leads: dict[str, tuple[Item, Answer]] = field(default_factory=dict)
    #: When a lead that is not decided was received.
    pending: dict[str, datetime] = field(default_factory=dict)
    claims: list[Claim] = field(default_factory=list)
    #: Leads and cents by order, window and the window's name by the clock on the wall.
    used: dict[tuple[str, str, str], tuple[int, int]] = field(default_factory=dict)
    last_turn: dict[str, datetime] = field(default_factory=dict)
    #: By id: what was pinged, what was answered and when.
    pings: dict[str, tuple[Item, Answer, datetime]] = field(default_factory=dict)
    bids: dict[str, Bid] = field(default_factory=dict)
    holds: dict[str, Hold] = field(default_factory=dict)
    #: The lead that took a bid up, by ping.
    takers: dict[str, str] = field(default_factory=dict)
    books: Books = field(default_factory=Books)

    def copy(self) -> Model:
        """Another one that knows the same."""
        return Model(
            list(self.revisions), dict(self.submissions), dict(self.leads), dict(self.pending), list(self.claims),
            dict(self.used), dict(self.last_turn), dict(self.pings), dict(self.bids), dict(self.holds),
            dict(self.takers), self.books.copy(),
        )  # fmt: skip

    def amend(self, at: datetime, terms: Mapping[str, Terms]) -> None:
        """Other terms from an instant on; what was to come into force then or later never does."""
        while self.revisions and self.revisions[-1][0] >= at:
            self.revisions.pop()
        self.revisions.append((at, terms))

    def terms(self, at: datetime) -> Mapping[str, Terms]:
        """The terms in force."""
        return next((terms for since, terms in reversed(self.revisions) if since <= at), self.revisions[0][1])

    # Leads -----------------------------------------------------------------------------------------------------------

    def expect(self, item: Item, now: datetime) -> Answer:
        """The answer that a submission must get now."""
        return self._replayed(item, now) or self._judged(item, now, now, "")

    def expect_kept(self, item: Item, now: datetime) -> Answer:
        """The same while nobody can decide."""
        return self._replayed(item, now) or Answer("pending")

    def expect_late(self, lead: str, now: datetime) -> Answer:
        """What must become of a lead that was kept, once it is looked at."""
        (item, _), received = self.leads[lead], self.pending[lead]
        bid, _ = self._bid_of(item, received)
        orders = [bid.terms.order] if bid else [one.order for one in self._candidates(item, now)]
        if received + (DECISION_WINDOW if orders else SHORT_WINDOW) <= now:
            return Answer("rejected", orders[0] if orders else "", 0, frozenset({"decision_expired"}))
        return self._judged(item, now, received, lead)

    def against(self, order: str, item: Item, now: datetime) -> frozenset[str]:
        """Every reason that an order has against a submission."""
        return frozenset(self._against(self.terms(now)[order], item, now, now))

    def price(self, order: str, now: datetime) -> int:
        """What the order pays."""
        return self.terms(now)[order].price

    def take(self, item: Item, now: datetime, answer: Answer, lead: str) -> None:
        """Make an answer true. Nothing happens for one that is not new."""
        if answer.replay_of or answer.what == "conflict":
            return
        received = self.pending.pop(lead, now)
        if lead not in self.leads:
            self.submissions[item.key] = (item, lead, now + item.life)
        self.leads[lead] = (item, answer)
        bid, _ = self._bid_of(item, received)
        if answer.what == "pending":
            self.pending[lead] = now
            self._keep_hold(item, now, lead)
        elif bid is not None and not answer.reasons & BID_REASONS:
            self._spend_hold(item.bid, now, lead, bought=answer.what == "accepted")
        elif bid is not None and self.takers.get(item.bid) == lead:
            # It kept the hold while nobody could tell that it is not what was pinged.
            del self.takers[item.bid]
            self.holds[item.bid] = self.holds[item.bid]._replace(lead="", ends=bid.ends)
        if answer.what == "accepted":
            self._buy(item, now, received, answer, lead, bid)

    def _buy(self, item: Item, now: datetime, received: datetime, answer: Answer, lead: str, bid: Bid | None) -> None:
        for kind, value in (("phone", item.phone), ("email", item.email)):
            if value:
                self.claims.append(Claim(kind, value, lead, item.seller, now))
        if bid is None:
            self._use(self.terms(now)[answer.order], received, answer.price)
        self.books.charge(lead, Sold(answer.order, item.seller, answer.price, now))

    def _use(self, terms: Terms, received: datetime, price: int) -> tuple[tuple[str, str, str], ...]:
        rows = tuple((terms.order, limit.window, window_name(limit.window, received)) for limit in terms.limits)
        for row in rows:
            leads, spend = self.used.get(row, (0, 0))
            self.used[row] = (leads + 1, spend + price)
        if terms.pace:
            self.last_turn[terms.order] = received
        return rows

    # Bids ------------------------------------------------------------------------------------------------------------

    def expect_ping(self, item: Item, now: datetime) -> Answer:
        """The answer that a ping must get now."""
        if item.external_id:
            for ping, (before, answer, _) in self.pings.items():
                if before.key == item.key:
                    return Answer("conflict") if before != item else answer._replace(replay_of=ping)
        judged = self._judged(item, now, now, "")
        return judged._replace(what="bid" if judged.what == "accepted" else "no_bid")

    def take_ping(self, item: Item, now: datetime, answer: Answer, ping: str) -> None:
        """Make it true."""
        if answer.replay_of or answer.what == "conflict":
            return
        self.pings[ping] = (item, answer, now)
        if answer.what == "bid":
            terms = self.terms(now)[answer.order]
            self.bids[ping] = Bid(item, terms, now + BID_LIFE)
            self.holds[ping] = Hold(self._use(terms, now, answer.price), answer.price, now + BID_LIFE)

    def give_back(self, ping: str) -> None:
        """The places that a bid kept are free again."""
        hold = self.holds.pop(ping)
        for row in hold.rows:
            leads, spend = self.used[row]
            self.used[row] = (leads - 1, spend - hold.price)

    def given_back(self, now: datetime) -> Model:
        """Another one, in which somebody has just given back every hold that is over."""
        other = self.copy()
        for ping in [ping for ping, hold in other.holds.items() if hold.ends <= now]:
            other.give_back(ping)
        return other

    def forget_pings(self, now: datetime) -> None:
        """Old ones are forgotten, and their keys are free."""
        for ping in [ping for ping, (_, _, at) in self.pings.items() if at < now - PINGS_KEPT]:
            del self.pings[ping]

    def _bid_of(self, item: Item, received: datetime) -> _Taken:
        if not item.bid:
            return _Taken(None)
        bid = self.bids[item.bid]
        if bid.item.seller != item.seller:
            return _Taken(None, frozenset({"bid_mismatch"}))
        if item.bid not in self.pings or received >= bid.ends:
            return _Taken(None, frozenset({"bid_expired"}))
        told = bid.item
        contradicts = (told.phone not in ("", item.phone)) or (told.email not in ("", item.email))
        contradicts = contradicts or item.order not in ("", bid.terms.order)
        return _Taken(bid, frozenset({"bid_mismatch"}) if contradicts else frozenset())

    def _keep_hold(self, item: Item, now: datetime, lead: str) -> None:
        hold = self.holds.get(item.bid)
        if hold is not None and self._bid_of(item, now).bid and not hold.lead and hold.ends > now:
            ends = max(hold.ends, now + DECISION_WINDOW + HOLD_SLACK)
            self.holds[item.bid], self.takers[item.bid] = hold._replace(lead=lead, ends=ends), lead

    def _spend_hold(self, ping: str, now: datetime, lead: str, *, bought: bool) -> None:
        if not self._may_spend(ping, now, lead):
            return
        self.takers[ping] = lead
        if bought:
            del self.holds[ping]
        else:
            self.holds[ping] = self.holds[ping]._replace(ends=_LONG_AGO, lead="")

    def _may_spend(self, ping: str, now: datetime, lead: str) -> bool:
        hold = self.holds.get(ping)
        return hold is not None and ((hold.lead == lead and lead != "") or (not hold.lead and hold.ends > now))

    # What speaks against a lead --------------------------------------------------------------------------------------

    def _replayed(self, item: Item, now: datetime) -> Answer | None:
        taken = self.submissions.get(item.key)
        if taken is None or taken[2] <= now:
            return None
        before, lead, _ = taken
        return Answer("conflict") if before != item else self.leads[lead][1]._replace(replay_of=lead)

    def _candidates(self, item: Item, now: datetime) -> list[Terms]:
        terms = self.terms(now)
        if item.order:
            return [terms[item.order]]
        return [one for one in terms.values() if one.seller == item.seller and one.active]

    def _judged(self, item: Item, now: datetime, received: datetime, lead: str) -> Answer:
        bid, wrong = self._bid_of(item, received)
        if bid is not None:
            return self._held_against(bid, wrong, item, now, lead)
        candidates = self._candidates(item, now)
        if not candidates:
            return Answer("rejected", reasons=frozenset({"order_not_found"}) | wrong)
        found = {one.order: list(self._against(one, item, now, received)) for one in candidates}
        clean = [one for one in candidates if not found[one.order] and not wrong]
        if clean:
            best = min(clean, key=lambda one: one.priority)
            return Answer("accepted", best.order, best.price)
        nearest = min(candidates, key=lambda one: (len(found[one.order]), one.priority))
        return Answer("rejected", nearest.order, 0, frozenset(found[nearest.order]) | wrong)

    def _held_against(self, bid: Bid, wrong: frozenset[str], item: Item, now: datetime, lead: str) -> Answer:
        """Only the person and the bid itself can speak against it: room and price are promised."""
        found = wrong | self._duplicates(bid.terms, item, now)
        if not found and not self._may_spend(item.bid, now, lead):
            found = frozenset({"bid_mismatch" if self.takers.get(item.bid, lead) != lead else "bid_expired"})
        if found:
            return Answer("rejected", bid.terms.order, 0, found)
        return Answer("accepted", bid.terms.order, bid.terms.price)

    def _against(self, terms: Terms, item: Item, now: datetime, received: datetime) -> Iterable[str]:
        """Every reason that an order has against a submission."""
        if not terms.active:
            yield "order_inactive"
        yield from self._duplicates(terms, item, now)
        for limit in terms.limits:
            leads, spend = self.used.get((terms.order, limit.window, window_name(limit.window, received)), (0, 0))
            if limit.leads is not None and leads + 1 > limit.leads:
                yield "cap_reached"
            if limit.spend is not None and spend + terms.price > limit.spend:
                yield "budget_exhausted"
        last = self.last_turn.get(terms.order)
        if terms.pace and last is not None and last + timedelta(seconds=terms.pace) > received:
            yield "pacing"

    def _duplicates(self, terms: Terms, item: Item, now: datetime) -> frozenset[str]:
        return frozenset(self._duplicate(terms, item, kind, now) for kind in terms.match) - {""}

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
