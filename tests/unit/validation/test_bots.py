from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from services.validation.lead import Signals
from tests.unit.validation.people import BOTS, USER_AGENTS
from tests.unit.validation.terms import GOOD, judged, reasons


def _signals(**changes: Any) -> list[tuple[str, str]]:
    return reasons(judged(replace(GOOD, signals=replace(GOOD.signals, **changes))))


@pytest.mark.parametrize("agent", USER_AGENTS)
def test_a_consumers_browser_is_no_bot(agent: str) -> None:
    assert _signals(user_agent=agent) == []


@pytest.mark.parametrize("agent", BOTS)
def test_a_crawler_library_or_headless_browser_is_a_bot(agent: str) -> None:
    assert _signals(user_agent=agent) == [("bot_detected", "signals.user_agent")]


def test_a_user_agent_that_was_not_sent_says_nothing() -> None:
    assert _signals(user_agent="") == []
    assert reasons(judged(replace(GOOD, signals=Signals()))) == []


@pytest.mark.parametrize("content", ["x", "http://spam.example", "0"])
def test_a_filled_honeypot_is_a_bot(content: str) -> None:
    assert _signals(honeypot=content) == [("bot_detected", "signals.honeypot")]


@pytest.mark.parametrize("content", [None, "", "  "])
def test_an_empty_honeypot_is_a_person(content: str | None) -> None:
    assert _signals(honeypot=content) == []


@pytest.mark.parametrize("seconds", [None, 5.0, 5.1, 3600.0, 1e9])
def test_a_form_open_for_long_enough_is_a_person(seconds: float | None) -> None:
    assert _signals(seconds_on_form=seconds) == []


@pytest.mark.parametrize("seconds", [0.0, 0.3, 4.99])
def test_a_form_sent_faster_than_the_order_allows_is_a_bot(seconds: float) -> None:
    assert _signals(seconds_on_form=seconds) == [("bot_detected", "signals.seconds_on_form")]


@pytest.mark.parametrize("seconds", [-1.0, float("nan"), float("inf")])
def test_no_duration_is_invalid(seconds: float) -> None:
    assert _signals(seconds_on_form=seconds) == [("field_invalid", "signals.seconds_on_form")]


def test_a_hostile_user_agent_costs_little_and_says_nothing() -> None:
    assert _signals(user_agent="Mozilla/5.0 " + "(((((" * 50_000) == []
