"""Thousands of made-up visits against the score: what people do, in all its variety, and what programs do."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace
from typing import Any

from services.validation.lead import Lead
from services.validation.rules import validate
from services.validation.velocity.sightings import NOT_KNOWN, Sightings
from tests.unit.validation.browsers import BROWSERS
from tests.unit.validation.terms import GOOD, plan, reference

_HOMES, _VPNS = (24, 47, 50, 66, 67, 68, 71, 73, 75, 76, 96, 98, 99, 107, 172, 174), ("52.95.110.1", "88.198.0.1")
COUNT = 3000
_PLAN = plan()


def _home(dice: random.Random) -> str:
    while True:
        address = ".".join(map(str, (dice.choice(_HOMES), *(dice.randrange(1, 255) for _ in range(3)))))
        if reference().data_centres.find(address) is None:
            return address


def _visit(agent: str, ip: str, seconds: float, told: dict[str, Any]) -> Lead:
    signals = replace(
        GOOD.signals, user_agent=agent, seconds_on_form=seconds, webdriver=False if told else None, **told
    )
    return replace(GOOD, signals=signals, consent=replace(GOOD.consent, ip=ip))


def person(dice: random.Random) -> tuple[Lead, Sightings]:
    """One in ten comes by a VPN, one in seven from a crowd, half have the browser fill in, some never touch a mouse."""
    helped = dice.random() < 0.5
    seconds = dice.uniform(6, 25) if helped else dice.lognormvariate(4.2, 0.7) + 8
    told: dict[str, int] = {}
    if dice.random() < 0.6:
        told = {
            "autofills": dice.randrange(3, 12) if helped else 0,
            "keystrokes": dice.randrange(4) if helped else min(dice.randrange(40, 180), int(seconds * 8)),
            "pastes": dice.choice((0, 0, 0, 1, 2)),
            "pointer_events": 0 if dice.random() < 0.03 else dice.randrange(2, 400),
        }
    crowd = dice.randrange(2, 55) if dice.random() < 0.15 else 1
    seen = Sightings(
        True, dice.choice((1, 1, 1, 2, 4)), 1, dice.choice((0, 1, 1, 3)), crowd, crowd, 32, dice.randrange(1, 4),
        dice.randrange(1, 6), dice.randrange(1, 12),
    )  # fmt: skip
    ip = dice.choice(_VPNS) if dice.random() < 0.1 else _home(dice) if dice.random() < 0.9 else ""
    return _visit(dice.choice((*BROWSERS, "")), ip, seconds, told), dice.choice((seen, seen, NOT_KNOWN))


def crude_program(dice: random.Random) -> tuple[Lead, Sightings]:
    """Gives itself away by one certain thing."""
    lead = _visit(dice.choice(BROWSERS), _home(dice), dice.uniform(6, 90), {})
    fault = dice.choice(
        ({"honeypot": "x"}, {"webdriver": True}, {"user_agent": "python-requests/2.32"}, {"seconds_on_form": 1.2})
    )
    return replace(lead, signals=replace(lead.signals, **fault)), NOT_KNOWN


def careful_program(dice: random.Random) -> tuple[Lead, Sightings]:
    """In a data centre, behind a real browser's name, waiting some seconds, pasting or setting values, in a crowd."""
    told = dice.choice(
        (
            {"keystrokes": 0, "pastes": 8, "pointer_events": dice.randrange(1, 4)},
            {"keystrokes": 0, "pastes": 0, "pointer_events": 0},
            {"keystrokes": 300, "pastes": 0, "pointer_events": 2},
        )
    )
    seen = Sightings(True, 1, 1, 1, 30, 60, 32, 20, 32, dice.randrange(1, 32))
    return _visit(dice.choice(BROWSERS), dice.choice(_VPNS), dice.uniform(6, 11), told), seen


def _told(made: tuple[Lead, Sightings]) -> set[str]:
    lead, seen = made
    verdict = validate(lead, _PLAN, reference(), seen)
    every = [*verdict.findings, *(finding for candidate in verdict.candidates for finding in candidate.findings)]
    return {finding.reason for finding in every}


def test_people_are_let_pass() -> None:
    dice = random.Random(2026)
    alarms = Counter(reason for _ in range(COUNT) for reason in _told(person(dice)))
    assert alarms == {}


def test_programs_are_found() -> None:
    dice = random.Random(2026)
    crude = sum("bot_detected" in _told(crude_program(dice)) for _ in range(COUNT // 10))
    careful = sum("bot_detected" in _told(careful_program(dice)) for _ in range(COUNT // 10))
    assert (crude, careful) == (COUNT // 10, COUNT // 10)
