"""Who works when, and when leads come: drawn once from a seed. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from random import Random
from uuid import UUID

from shared.catalog.buying import DayHours, Schedule
from shared.catalog.following import Playbook, Step, Template
from shared.catalog.sales import Sla, Team
from shared.catalog.terms import Buyer, Catalog, FollowUp, Order, Product, Seller
from shared.catalog.words import Weekday

BUYER = "big-bank"
#: Monday, 23 November 2026, 03:00 in New York. The day ends 24 hours later.
BEGINS = datetime(2026, 11, 23, 8, tzinfo=UTC)
ENDS = BEGINS + timedelta(hours=24)

_WEEK: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri")


@dataclass(frozen=True, kw_only=True)
class Shift:
    """One agent's day. `None`: it does not happen."""

    agent: str
    team: str
    begins: datetime
    ends: datetime
    lunch: datetime
    #: Calls in sick before the shift, or goes home in the middle of it, giving back what is at hand.
    sick: bool = False
    goes_home: datetime | None = None
    #: Is gone without a word, with a task at hand.
    vanishes: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Coming:
    """A lead that will be bought."""

    lead_id: UUID
    order: str
    team: str
    at: datetime


def catalog() -> Catalog:
    """Two desks with office hours and different agreements; a third that never sleeps, and helps out."""
    return Catalog(
        revision=1,
        buyer=Buyer(slug=BUYER, name="Big Bank", postal_address="1 Main Street", email_from="loans@bigbank.example"),
        sellers=(Seller(slug="marco", name="Marco"),),
        products=(Product(slug="auto-loan", name="auto loan"),),
        teams=(
            Team(slug="east", name="East", schedule=_office("America/New_York")),
            Team(slug="west", name="West", schedule=_office("America/Los_Angeles")),
            Team(slug="rescue", name="Rescue"),
        ),
        templates=(Template(slug="hello", subject="Your request", text="We have what we need."),),
        playbooks=(
            Playbook(
                slug="standard",
                steps=(
                    Step(name="confirmation", channel="email", template="hello"),
                    Step(name="first-call", channel="call"),
                ),
            ),
        ),
        orders=(
            _order(
                "marco-auto",
                FollowUp(
                    playbook="standard",
                    offer="5.49 %",
                    teams={"east": 3, "west": 2},
                    sla=Sla(seconds=300, clock="business", escalate_to="rescue", reassign=True),
                    sla_by_team={"west": Sla(seconds=600, clock="business", remind_seconds_before=120)},
                ),
            ),
            _order("own-site", FollowUp(playbook="standard", offer="5.49 %", teams={"rescue": 1}, sla_seconds=900)),
        ),
    )


def shifts(size: int = 20) -> list[Shift]:
    """`size` agents, at least ten: four in ten in the East, three in ten each in the West and on the night desk."""
    east, west = size * 4 // 10, size * 3 // 10
    found: list[Shift] = []
    for number in range(east):
        found.append(_shift(f"east-{number + 1}", "east", 13 + (number % 2) * 4))
    for number in range(west):
        found.append(_shift(f"west-{number + 1}", "west", 16 + (number % 2) * 4))
    for number in range(size - east - west):
        found.append(_shift(f"rescue-{number + 1}", "rescue", 8 + (number % 3) * 8))
    return [_mishap(one) for one in found]


def leads(count: int, seed: int) -> list[Coming]:
    """Leads over the whole day, by the hour of the Eastern day: a peak at noon and one in the evening."""
    draw = Random(seed)
    weights = [1, 1, 1, 2, 4, 8, 12, 14, 16, 22, 18, 14, 12, 12, 14, 20, 20, 14, 10, 8, 6, 4, 2, 1]
    hours = draw.choices(range(24), weights, k=count)
    found = []
    for number, hour in enumerate(hours):
        order, team = draw.choices([("marco-auto", "east"), ("marco-auto", "west"), ("own-site", "rescue")], [6, 3, 1])[
            0
        ]
        at = BEGINS + timedelta(hours=hour, milliseconds=draw.randrange(3_600_000))
        found.append(Coming(lead_id=_id(seed, number), order=order, team=team, at=at))
    return sorted(found, key=lambda one: one.at)


def _id(seed: int, number: int) -> UUID:
    return UUID(int=(seed << 64) + (7 << 76) + (0b10 << 62) + number)


def _office(zone: str) -> Schedule:
    hours = tuple(DayHours(day=day, opens="08:00", closes="20:00") for day in _WEEK)
    return Schedule(time_zone=zone, hours=hours, holidays="us-federal")


def _order(slug: str, follow_up: FollowUp) -> Order:
    return Order(slug=slug, version=1, seller="marco", product="auto-loan", follow_up=follow_up)


def _shift(agent: str, team: str, hour: int) -> Shift:
    begins = BEGINS.replace(hour=0) + timedelta(hours=hour)
    lunch = begins + timedelta(hours=4, minutes=15 * (len(agent) + ord(agent[-1])) % 60)
    return Shift(agent=agent, team=team, begins=begins, ends=begins + timedelta(hours=8), lunch=lunch)


def _mishap(one: Shift) -> Shift:
    match one.agent:
        case "east-2" | "west-4" | "rescue-4":
            return replace(one, sick=True)
        case "east-3":
            return replace(one, goes_home=one.begins + timedelta(hours=3))
        case "west-1":
            return replace(one, vanishes=one.begins + timedelta(hours=2))
        case _:
            return one
