"""What a schedule does: steps, and the schedule that a seed stands for."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

from tests.model.facts import OWN, Item, Limit, Terms

#: Few persons, so that they come again, and some details that two of them share.
PHONES = tuple(f"+1512472{n:04d}" for n in range(8170, 8178))
EMAILS = (*(f"p{n}@example.org" for n in range(7)), "")

FIRST_TERMS = (
    Terms("a-daily", "a", 10, 3200, (Limit("day", 3, 6400),)),
    Terms("a-hourly", "a", 20, 1250, (Limit("hour", 2), Limit("total", 9)), 2, ("phone",), "seller"),
    Terms("b-budget", "b", 30, 999, (Limit("day", None, 2000),), 1, ("email",), "product"),
    Terms("b-paced", "b", 40, 700, (Limit("day", 4),), pace=60),
    Terms("b-open", "b", 45, 1, (Limit("day", 2),), 0),
    Terms("own", OWN, 50, 0, (), 7),
)


Death = Literal["cancelled", "cut", "before", "after"]
_DEATHS: tuple[Death, ...] = ("cancelled", "cut", "cancelled", "cut", "before", "after")
Correction = Literal["credit", "hold", "reversal", "release"]
_CORRECTIONS: tuple[Correction, ...] = ("credit", "credit", "hold", "reversal", "release")
ACTIONS = ("agree", "contest", "withdraw", "uphold", "yield", "dispute", "reinstate")


@dataclass(frozen=True)
class Send:
    """One batch to one replica."""

    items: tuple[Item, ...]


@dataclass(frozen=True)
class Race:
    """Each submission to a replica of its own, all at once."""

    items: tuple[Item, ...]


@dataclass(frozen=True)
class Keep:
    """One batch while nobody can decide."""

    items: tuple[Item, ...]


@dataclass(frozen=True)
class Ping:
    """Pings, each to a replica of its own, all at once. What they tell of the person is hashed."""

    items: tuple[Item, ...]


@dataclass(frozen=True)
class Post:
    """A lead that takes up a bid, counted from the newest, round and round.

    `right`: it is the person that was pinged; `foreign`: another seller posts it; `how`: it is sent alone, or beside
    another lead with the same token in its `batch` or at a replica of its own in a `race`, or `kept` undecided.
    """

    bid: int
    person: Item
    right: bool = True
    foreign: bool = False
    how: Literal["alone", "batch", "race", "kept"] = "alone"


@dataclass(frozen=True)
class Sweep:
    """Leads that were kept are decided, holds given back, unanswered returns granted, by one replica or two at once."""

    both: bool = False


@dataclass(frozen=True)
class Ask:
    """A bought lead is asked back, by one or by two at once. `amount` 0: all that is left."""

    lead: int
    amount: int = 0
    both: bool = False


@dataclass(frozen=True)
class Act:
    """A return is taken a step further, by one or by two at once."""

    which: int
    action: str
    amount: int = 0
    both: bool = False


@dataclass(frozen=True)
class Crash:
    """A step during which its replica dies, then the same again.

    `how`: `cancelled` or `cut` off from Postgres at the `at`-th time that it waits; `before` or `after` the commit of
    a settlement.
    """

    step: Send | Post | Ping | Sweep | Ask | Act
    how: Death
    at: int = 0


@dataclass(frozen=True)
class Amend:
    """Other terms of one order, from `delay` seconds on."""

    terms: Terms
    delay: int


@dataclass(frozen=True)
class Jump:
    """The clock, forward or back."""

    seconds: int


@dataclass(frozen=True)
class Correct:
    """Money moved after the purchase. `lead` and `undone` count what there is, round and round."""

    kind: Correction
    lead: int
    amount: int
    cause: int
    undone: int


Step = Send | Race | Keep | Ping | Post | Sweep | Ask | Act | Crash | Amend | Jump | Correct


def schedule(seed: str, length: int) -> list[Step]:
    """The steps that a seed stands for; every step can stand alone, so that any can be left out."""
    return _Drawing(random.Random(seed)).steps(length)


class _Drawing:
    def __init__(self, draw: random.Random) -> None:
        self._draw = draw
        self._sent: list[Item] = []
        self._bid_on = False

    def steps(self, length: int) -> list[Step]:
        """So many steps."""
        kinds: list[tuple[Callable[[], Step], int]] = [
            (self._send, 20), (self._race, 12), (self._crash, 17), (self._amend, 7), (self._jump, 12),
            (self._correct, 9), (self._ping, 9), (self._post, 11), (self._keep, 4), (self._sweep, 6), (self._ask, 7),
            (self._act, 7),
        ]  # fmt: skip
        drawn = self._draw.choices([kind for kind, _ in kinds], [weight for _, weight in kinds], k=length)
        made = []
        for kind in drawn:
            # Nobody can post for a bid before there was a ping.
            made.append(self._ping() if kind == self._post and not self._bid_on else kind())
            self._bid_on |= isinstance(made[-1], Ping)
        return made

    def _item(self, *, named: bool = False) -> Item:
        draw = self._draw
        if self._sent and draw.random() < 0.25:
            # A retry; now and then its key with other content.
            again = draw.choice(self._sent)
            if again.order or not named:
                return again if draw.random() < 0.7 else again._replace(phone=draw.choice(PHONES))
        seller = draw.choices(("a", "b", OWN), weights=(5, 4, 1))[0]
        orders = [terms.order for terms in FIRST_TERMS if terms.seller == seller]
        order = draw.choice(orders if named else [*orders, ""])
        external_id = f"x{draw.randrange(1000)}" if draw.random() < 0.8 else ""
        # Half of the time one of two persons; now and then somebody's phone with somebody else's e-mail.
        person = draw.randrange(2 if draw.random() < 0.5 else len(PHONES))
        other = person if draw.random() < 0.8 else draw.randrange(len(EMAILS))
        item = Item(seller, order, PHONES[person], EMAILS[other], external_id)
        self._sent.append(item)
        return item

    def _send(self) -> Step:
        return Send(tuple(self._item() for _ in range(self._draw.choice((1, 1, 1, 2, 3)))))

    def _race(self) -> Step:
        # Half of them name no order: one that loses the last place of one is offered to the seller's others.
        draw = self._draw
        first = self._item(named=draw.random() < 0.5)
        items = [first] + [self._item(named=draw.random() < 0.5) for _ in range(draw.choice((1, 2)))]
        chance = draw.random()
        if chance < 0.2:
            items[1] = first
        elif chance < 0.4:
            items = [item._replace(phone=first.phone) for item in items]
        elif chance < 0.9:
            # Rivals for the room of one order.
            items = [
                Item(first.seller, first.order, PHONES[n], EMAILS[n], f"x{draw.randrange(1000)}")
                for n in draw.sample(range(len(PHONES)), 4)
            ]
        self._sent += items
        return Race(tuple(items))

    def _crash(self) -> Step:
        draw = self._draw
        makers: list[Callable[[], Send | Post | Ping | Sweep | Ask | Act]] = [
            self._one, self._one, self._one, self._post, self._ping, self._sweep, self._ask, self._act
        ]  # fmt: skip
        step = _alone(draw.choice(makers)())
        settles = isinstance(step, Send | Post)
        return Crash(step, draw.choice(_DEATHS if settles else _DEATHS[:4]), draw.randint(1, 12))

    def _one(self) -> Send:
        return Send((self._item(),))

    def _keep(self) -> Step:
        return Keep(tuple(self._item() for _ in range(self._draw.choice((1, 1, 2)))))

    def _ping(self) -> Ping:
        count = self._draw.choice((1, 1, 1, 3))
        # As in a race: one that loses the last place is not offered to another order.
        return Ping(tuple(self._pinged(named=count > 1 or self._draw.random() < 0.7) for _ in range(count)))

    def _pinged(self, *, named: bool) -> Item:
        draw, item = self._draw, self._item(named=named)
        return item._replace(
            phone=item.phone if draw.random() < 0.5 else "",
            email=item.email if draw.random() < 0.3 else "",
            external_id=f"p{draw.randrange(6)}" if draw.random() < 0.5 else "",
        )

    def _post(self) -> Post:
        draw = self._draw
        return Post(
            draw.choice((0, 0, 0, 1, 2, 3)), self._item(), draw.random() < 0.85, draw.random() < 0.08,
            draw.choices(("alone", "batch", "race", "kept"), (60, 12, 16, 12))[0],
        )  # fmt: skip

    def _sweep(self) -> Sweep:
        return Sweep(self._draw.random() < 0.4)

    def _ask(self) -> Ask:
        draw = self._draw
        return Ask(draw.randrange(4), draw.choice((0, 0, 0, 1, 500, 5000)), draw.random() < 0.3)

    def _act(self) -> Act:
        draw = self._draw
        return Act(draw.randrange(3), draw.choice(ACTIONS), draw.choice((0, 0, 0, 1, 900)), draw.random() < 0.3)

    def _amend(self) -> Step:
        draw = self._draw
        old = draw.choice(FIRST_TERMS)
        limits = tuple(limit._replace(leads=draw.randint(0, 8)) for limit in old.limits if limit.leads is not None)
        new = Terms(
            old.order, old.seller, old.priority, old.price and draw.randint(1, 4000), limits or old.limits,
            draw.choice((0, 1, 30)), old.match, old.scope, draw.random() < 0.85, old.pace,
        )  # fmt: skip
        return Amend(new, draw.choice((0, 0, 600)))

    def _jump(self) -> Step:
        forward = (30, 60, 600, 3_600, 86_400, 86_400, 31 * 86_400)
        return Jump(-20 if self._draw.random() < 0.1 else self._draw.choice(forward))

    def _correct(self) -> Step:
        draw = self._draw
        return Correct(
            draw.choice(_CORRECTIONS),
            draw.randrange(3),
            draw.choice((1, 1, 700, 3200)),
            draw.randrange(3),
            draw.randrange(4),
        )


def _alone(step: Send | Post | Ping | Sweep | Ask | Act) -> Send | Post | Ping | Sweep | Ask | Act:
    """The same by one replica."""
    match step:
        case Ping(items):
            return Ping(items[:1])
        case Post():
            return replace(step, how="alone")
        case Sweep() | Ask() | Act():
            return replace(step, both=False)
    return step
