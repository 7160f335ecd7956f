from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from services.routing.work.agent import LEASE, Agent, AgentNow, AgentState, Need, next_work, unattended, works_at
from shared.catalog.buying import DayHours, Schedule
from shared.catalog.words import Weekday

ZONE = "America/New_York"
#: A Wednesday.
NOON = datetime(2026, 9, 16, 12, tzinfo=ZoneInfo(ZONE))
WEEKDAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri")
DAY_SHIFT = Schedule(hours=tuple(DayHours(day=day, opens="09:00", closes="17:00") for day in WEEKDAYS))


def agent(
    *,
    states: tuple[str, ...] = (),
    products: tuple[str, ...] = (),
    lead_types: tuple[str, ...] = (),
    languages: tuple[str, ...] = ("en",),
    state: AgentState = "available",
    shifts: Schedule | None = None,
    holding: int = 0,
    unseen: float = 1,
) -> AgentNow:
    one = Agent(
        buyer_id="big-bank", agent="ann", team="east", states=states, products=products, lead_types=lead_types,
        languages=languages, state=state, shifts=shifts or Schedule(),
    )  # fmt: skip
    return AgentNow(agent=one, holding=holding, seen_at=NOON - timedelta(seconds=unseen))


NEED = Need(us_state="TX", product="auto-loan", lead_type="exclusive", language="en")


@pytest.mark.parametrize(
    ("who", "fits"),
    [
        (agent(), True),
        (agent(states=("TX", "OK")), True),
        (agent(states=("NY",)), False),
        (agent(products=("mortgage",)), False),
        (agent(lead_types=("exclusive",)), True),
        (agent(lead_types=("shared",)), False),
        (agent(languages=("es",)), False),
        (agent(languages=("es", "en")), True),
    ],
)
def test_a_task_goes_only_to_who_may_have_it(who: AgentNow, fits: bool) -> None:
    assert who.agent.fits(NEED) is fits


def test_who_is_licensed_somewhere_does_not_call_where_the_state_is_not_known() -> None:
    assert not agent(states=("TX",)).agent.fits(Need())
    assert agent().agent.fits(Need())


@pytest.mark.parametrize(
    ("who", "absence"),
    [
        (agent(), ""),
        (agent(state="paused"), "paused"),
        (agent(state="away"), "away"),
        (agent(shifts=DAY_SHIFT), ""),
        (agent(shifts=Schedule(closed_on=(date(2026, 9, 16),))), "off_shift"),
        (agent(unseen=LEASE.total_seconds() + 1), "not_seen"),
        (agent(holding=1), "at_capacity"),
    ],
)
def test_why_somebody_takes_nothing(who: AgentNow, absence: str) -> None:
    assert who.absence(NOON, ZONE) == absence


def test_shifts_go_by_their_own_clock_or_by_the_buyers() -> None:
    evening = NOON.replace(hour=18)
    assert not works_at(DAY_SHIFT, ZONE, evening)
    assert works_at(DAY_SHIFT, "America/Los_Angeles", evening)
    assert works_at(Schedule(time_zone="America/Los_Angeles", hours=DAY_SHIFT.hours), ZONE, evening)
    assert next_work(DAY_SHIFT, ZONE, evening) == (NOON + timedelta(days=1)).replace(hour=9)


@pytest.mark.parametrize(
    ("agents", "reason"),
    [
        ([], "no_team"),
        ([agent(states=("NY",)), agent(states=("CA",))], "none_licensed"),
        ([agent(states=("NY",)), agent(languages=("es",))], "none_skilled"),
        ([agent(states=("NY",)), agent(state="away")], "nobody_on_shift"),
        ([agent(unseen=9999)], "nobody_on_shift"),
        ([agent(holding=1), agent(state="away")], "all_at_capacity"),
        ([agent(holding=1), agent()], ""),
    ],
)
def test_why_nobody_can_take_a_task(agents: list[AgentNow], reason: str) -> None:
    assert unattended(NEED, agents, open_now=True, now=NOON, zone=ZONE)[0] == reason


def test_a_closed_team_is_told_and_the_next_shift_where_nobody_is_there() -> None:
    assert unattended(NEED, [agent()], open_now=False, now=NOON, zone=ZONE) == ("team_closed", None)
    evening = NOON.replace(hour=18)
    found = unattended(NEED, [agent(shifts=DAY_SHIFT)], open_now=True, now=evening, zone=ZONE)
    assert found == ("nobody_on_shift", (NOON + timedelta(days=1)).replace(hour=9))
