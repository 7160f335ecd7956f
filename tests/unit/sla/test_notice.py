"""What people of a team are told."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from services.routing.sla.clock import Point, RunningClock
from services.routing.sla.notice import MOST_NAMED, Notice
from tests.unit.sla.samples import LEAD, NOW, attempt, started

CLOCK = RunningClock(start=started())


def notice(**changes: Any) -> Notice:
    facts: dict[str, Any] = {
        "point": "breach",
        "team": "auto-east",
        "team_name": "Auto East",
        "buyer_id": "big-bank",
        "zone": "America/New_York",
        "at": NOW + timedelta(seconds=301),
        "clocks": [CLOCK],
    }
    return Notice(**{**facts, **changes})


@pytest.mark.parametrize(
    ("point", "clocks", "subject"),
    [
        ("reminder", 1, "1 lead to be called soon: Auto East"),
        ("breach", 2, "2 leads waited too long: Auto East"),
        ("escalated", 1, "1 lead waited too long and is now yours: Auto East"),
        ("escalated", 3, "3 leads waited too long and are now yours: Auto East"),
    ],
)
def test_the_subject_says_what_it_is_about(point: Point, clocks: int, subject: str) -> None:
    assert notice(point=point, clocks=[CLOCK] * clocks).subject == subject


def test_the_mail_names_leads_by_number_and_times_where_the_team_is() -> None:
    called = replace(CLOCK, attempt=attempt(302))
    text = notice(clocks=[CLOCK, called]).text
    line = f"{LEAD}  marco-auto-2026  bought 10:00:00, to be called by 10:05:00 America/New_York"
    assert text.splitlines()[2:4] == [line, f"{line}, called since"]
    assert "leadline sla --buyer big-bank --team auto-east --open" in text


def test_a_storm_is_counted_not_listed() -> None:
    text = notice(clocks=[CLOCK] * (MOST_NAMED + 7)).text
    assert text.count(str(LEAD)) == MOST_NAMED
    assert "and 7 more" in text


def test_the_webhook_says_the_same_to_programs() -> None:
    said = json.loads(notice(team="rescue", point="escalated").document)
    assert (said["type"], said["timestamp"]) == ("sla.escalated", "2026-11-23T15:05:01+00:00")
    assert (said["data"]["buyer"], said["data"]["team"]) == ("big-bank", "rescue")
    (clock,) = said["data"]["clocks"]
    assert (clock["lead_id"], clock["team"], clock["agreed_seconds"]) == (str(LEAD), "auto-east", 300)
    assert clock["due_at"] == "2026-11-23T15:05:00+00:00"
