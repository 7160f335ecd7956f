"""The arm of a hold-out: repeatable, at the share that was asked for, apart from the draw among teams."""

from __future__ import annotations

from uuid import UUID

from services.routing.playbook.arms import arm_of
from services.routing.teams import TeamDraw
from shared.catalog.following import HoldOut

TENTH = HoldOut(percent=10, delay_seconds=3600)
LEADS = [UUID(int=n << 64 | n * 7919) for n in range(20_000)]


def test_without_a_hold_out_there_is_no_arm() -> None:
    assert arm_of(LEADS[0], None) == ""


def test_the_share_held_back_is_the_one_asked_for() -> None:
    held = sum(arm_of(lead, TENTH) == "held_back" for lead in LEADS)
    # Four standard deviations of 20,000 draws at 10 %.
    assert abs(held - 2_000) < 170


def test_more_percent_only_adds_leads_and_a_lead_is_always_drawn_alike() -> None:
    more = HoldOut(percent=30, delay_seconds=60)
    held = {lead for lead in LEADS[:2_000] if arm_of(lead, TENTH) == "held_back"}
    assert held < {lead for lead in LEADS[:2_000] if arm_of(lead, more) == "held_back"}


def test_both_arms_are_spread_over_the_teams_alike() -> None:
    teams = TeamDraw({"east": 1, "west": 1})
    held = [lead for lead in LEADS if arm_of(lead, TENTH) == "held_back"]
    east = sum(teams.draw(str(lead)) == "east" for lead in held)
    assert abs(east / len(held) - 0.5) < 0.05
