"""What a schedule does: steps, and the schedule that a seed stands for."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from tests.model.model import OWN, Item, Limit, Terms

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


@dataclass(frozen=True)
class Send:
    """One batch to one replica."""

    items: tuple[Item, ...]


@dataclass(frozen=True)
class Race:
    """Each submission to a replica of its own, all at once."""

    items: tuple[Item, ...]


@dataclass(frozen=True)
class Crash:
    """A submission during which intake dies, then the same again.

    `how`: `cancelled` or `cut` off from Postgres at the `at`-th time that it waits; `before` or `after` the commit.
    """

    item: Item
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


Step = Send | Race | Crash | Amend | Jump | Correct


def schedule(seed: str, length: int) -> list[Step]:
    """The steps that a seed stands for; every step can stand alone, so that any can be left out."""
    return _Drawing(random.Random(seed)).steps(length)


class _Drawing:
    def __init__(self, draw: random.Random) -> None:
        self._draw = draw
        self._sent: list[Item] = []

    def steps(self, length: int) -> list[Step]:
        """So many steps."""
        kinds: list[Callable[[], Step]] = [self._send, self._race, self._crash, self._amend, self._jump, self._correct]
        drawn = self._draw.choices(kinds, weights=(28, 15, 18, 8, 14, 17), k=length)
        return [step() for step in drawn]

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
        # Each names its order: a lead that loses the last place is not offered to another order.
        draw, first = self._draw, self._item(named=True)
        items = [first] + [self._item(named=True) for _ in range(draw.choice((1, 2)))]
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
        how = self._draw.choice(_DEATHS)
        return Crash(self._item(), how, self._draw.randint(1, 12))

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
