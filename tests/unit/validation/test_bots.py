from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.validation.bots.agent import read_agent
from services.validation.bots.network import network_of, plain_address
from services.validation.bots.sign import MOST, Sign, add_up
from services.validation.lead import Lead, Signals
from services.validation.rules import validate
from services.validation.velocity.sightings import NOT_KNOWN, Sightings
from shared.catalog.terms import BotTerms
from shared.verdict import Check
from tests.unit.validation.browsers import BROWSERS
from tests.unit.validation.people import BOTS, USER_AGENTS
from tests.unit.validation.programs import PROGRAMS
from tests.unit.validation.terms import GOOD, ORDER, judged, plan, reasons, reference

#: Addresses that are no home, as their owners publish them.
AMAZON, GOOGLE_CLOUD, HETZNER, AZURE = "52.95.110.1", "34.82.1.1", "88.198.0.1", "20.42.0.1"
TOR, CRAWLER = "185.220.101.1", "66.249.66.1"
#: Of the lists: a private relay, a VPN's exit, a content network, Google's own, homes, telephones, an office's proxy.
PEOPLE = (
    "172.224.224.5", "2a02:26f7::1", "104.28.1.1", "66.102.6.1", "31.13.24.1", "73.162.1.2", "2601:640::1",
    "172.56.10.3", "107.77.1.1", "165.225.1.1", "136.226.50.1", "8.8.8.8",
)  # fmt: skip
NOBODYS = (
    "127.0.0.1",
    "10.1.2.3",
    "192.168.1.1",
    "203.0.113.9",
    "198.51.100.7",
    "2001:db8::1",
    "::1",
    "fe80::1",
    "0.0.0.0",
)


def _with(ip: str = "", **changes: Any) -> Lead:
    return replace(GOOD, signals=replace(GOOD.signals, **changes), consent=replace(GOOD.consent, ip=ip))


def _signals(ip: str = "", **changes: Any) -> list[tuple[str, str]]:
    return reasons(judged(_with(ip, **changes)))


def _score(lead: Lead, seen: Sightings = NOT_KNOWN) -> int:
    (check,) = (check for check in validate(lead, plan(), reference(), seen).checks if check.rule == "bots.score")
    return int(check.observed.partition(":")[0]) if check.observed[0].isdigit() else 0


def _check(lead: Lead, rule: str) -> Check:
    return next(check for check in judged(lead).checks if check.rule == rule)


def test_no_consumers_browser_is_taken_for_a_program_nor_thought_odd() -> None:
    assert len(BROWSERS) >= 300
    readings = {agent: read_agent(agent, reference().crawlers) for agent in (*BROWSERS, *USER_AGENTS)}
    assert {agent: reading for agent, reading in readings.items() if reading.tool or reading.signs} == {}


def test_programs_that_say_so_are_found() -> None:
    assert len(PROGRAMS) >= 200
    missed = [agent for agent in (*PROGRAMS, *BOTS) if not read_agent(agent, reference().crawlers).tool]
    # Neither the list of crawlers nor ours has its name; the address in it is a sign all the same.
    assert missed == ["Mozilla/5.0 (compatible; TTD-Content; https://www.thetradedesk.com/general/ttd-content)"]


@pytest.mark.parametrize("agent", BOTS[:5])
def test_a_crawler_library_or_headless_browser_is_a_bot(agent: str) -> None:
    assert _signals(user_agent=agent) == [("bot_detected", "signals.user_agent")]


@pytest.mark.parametrize("agent", ["", "  ", "undefined", "null", "{{user_agent}}", "-"])
def test_a_user_agent_that_was_not_sent_says_nothing(agent: str) -> None:
    lead = _with(user_agent=agent)
    assert reasons(judged(lead)) == []
    assert _score(lead) == 0
    assert reasons(judged(replace(GOOD, signals=Signals()))) == []


@pytest.mark.parametrize(
    ("agent", "points"),
    [
        ("Mozilla/5.0", 10),
        ("Mozilla/5.0 (compatible; Thing; https://thing.example)", 10),
        ("Mozilla/5.0 (iPhone; Windows NT 10.0) AppleWebKit/605.1 (KHTML, like Gecko) Safari/604.1", 25),
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/21.0",
            25,
        ),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/605.1 (KHTML, like Gecko) Version/17.0 Safari/605.1", 25),
        ("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/999.0.0.0 Safari/537.36", 25),
        ("Mozilla/4.0 (compatible; MSIE 6.0; Windows NT 10.0)", 25),
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64", 0),
        ("Safari", 0),
    ],
)
def test_an_odd_user_agent_is_a_sign_and_no_reason(agent: str, points: int) -> None:
    lead = _with(user_agent=agent)
    assert reasons(judged(lead)) == []
    assert _score(lead) == points


@pytest.mark.parametrize("content", ["x", "http://spam.example", "0", "Ann"])
def test_a_filled_honeypot_is_a_bot(content: str) -> None:
    assert _signals(honeypot=content) == [("bot_detected", "signals.honeypot")]


@pytest.mark.parametrize("content", [None, "", "  ", "null", "undefined", "false", "{{hp}}"])
def test_an_empty_honeypot_is_a_person(content: str | None) -> None:
    assert _signals(honeypot=content) == []


def test_a_browser_that_says_that_a_program_drives_it_is_a_bot() -> None:
    assert _signals(webdriver=True) == [("bot_detected", "signals.webdriver")]
    assert _signals(webdriver=False) == []


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


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("52.95.110.1", "52.95.110.1"),
        (" 52.95.110.1 , 10.0.0.1", "52.95.110.1"),
        ("52.95.110.1:51234", "52.95.110.1"),
        ("[2600:1f18::1]:443", "2600:1f18::1"),
        ("2600:1f18::1", "2600:1f18::1"),
        ("unknown", "unknown"),
    ],
)
def test_an_address_is_read_as_proxies_write_it(text: str, address: str) -> None:
    assert plain_address(text) == address


@pytest.mark.parametrize("address", [AMAZON, GOOGLE_CLOUD, HETZNER, AZURE, "2600:1f18::1", f"::ffff:{AMAZON}"])
def test_a_machine_room_is_a_sign_and_a_reason_only_where_the_order_says_so(address: str) -> None:
    network = network_of(address, reference().data_centres)
    assert network is not None
    assert network.kind == "data_centre"
    lead = _with(ip=address)
    assert reasons(judged(lead)) == []
    assert _score(lead) == 30
    strict = replace_terms(refuse_networks=("data_centre",))
    assert reasons(judged(lead, strict)) == [("ip_risk", "consent.ip")]


def replace_terms(**changes: Any) -> Any:
    """ORDER with other terms about bots."""
    fields = {name: getattr(ORDER, name) for name in ORDER.__struct_fields__}
    return type(ORDER)(**{**fields, "bots": BotTerms(**changes)})


@pytest.mark.parametrize("address", [TOR, CRAWLER])
def test_an_exit_of_tor_or_a_crawler_is_no_consumers_address(address: str) -> None:
    assert _signals(ip=address) == [("ip_risk", "consent.ip")]
    assert reasons(judged(_with(ip=address), replace_terms(refuse_networks=()))) == []


@pytest.mark.parametrize("address", [*PEOPLE, *NOBODYS, "", "n/a", "999.1.1.1", "hello"])
def test_an_address_of_people_or_of_nobody_says_nothing(address: str) -> None:
    lead = _with(ip=address)
    assert reasons(judged(lead)) == []
    assert _score(lead) == 0


@pytest.mark.parametrize(
    ("signals", "points"),
    [
        # A password manager, a screen reader, a hasty one whom the browser helped, a slow typist, a copyist.
        ({"keystrokes": 0, "pastes": 0, "autofills": 9, "pointer_events": 2, "seconds_on_form": 6.0}, 0),
        ({"keystrokes": 80, "pastes": 0, "pointer_events": 0, "seconds_on_form": 240.0}, 5),
        ({"keystrokes": 0, "pastes": 7, "autofills": 7, "pointer_events": 3}, 0),
        ({"keystrokes": 3, "pastes": 4, "pointer_events": 30}, 0),
        ({"keystrokes": 200, "pointer_events": 90, "seconds_on_form": 3600.0}, 0),
        ({"keystrokes": 0, "autofills": 5, "pointer_events": 0, "seconds_on_form": 12.0}, 5),
        # Programs.
        ({"keystrokes": 0, "pastes": 9, "pointer_events": 4}, 20),
        ({"keystrokes": 0, "pastes": 9, "pointer_events": 0}, 40),
        ({"keystrokes": 0, "autofills": 0, "pointer_events": 0}, 40),
        ({"keystrokes": 400, "seconds_on_form": 11.0}, 30),
        ({"seconds_on_form": 7.5}, 15),
    ],
)
def test_how_fields_were_filled_in_is_a_sign_and_never_a_reason_alone(signals: dict[str, Any], points: int) -> None:
    lead = _with(**signals)
    assert reasons(judged(lead)) == []
    assert _score(lead) == points


def test_weak_signs_add_up_to_a_reason_that_names_them_all() -> None:
    lead = _with(ip=AMAZON, keystrokes=0, pastes=9, pointer_events=1, seconds_on_form=7.0)
    verdict = judged(lead)
    assert reasons(verdict) == [("bot_detected", "signals")]
    (finding,) = verdict.candidates[0].findings
    assert "less than 60 of 100" in finding.message
    assert "65: data_centre 30, paste_only 20, hasty 15" in finding.message
    check = _check(lead, "bots.score")
    assert (check.observed, check.expected) == ("65: data_centre 30, paste_only 20, hasty 15", "below 60")


def test_the_threshold_is_the_orders() -> None:
    lead = _with(ip=AMAZON)
    assert reasons(judged(lead, replace_terms(threshold=30))) == [("bot_detected", "signals")]
    assert reasons(judged(lead, replace_terms(threshold=31))) == []


def test_a_lead_without_any_sign_shows_that_it_was_looked_at() -> None:
    check = _check(GOOD, "bots.score")
    assert (check.passed, check.observed, check.expected) == (True, "no sign of a program", "below 60")


def test_no_kind_of_sign_alone_is_enough() -> None:
    assert max(MOST.values()) < BotTerms().threshold


_signs = st.builds(Sign, st.sampled_from(["a", "b"]), st.integers(1, 100), st.just("x"))
_kinds = st.dictionaries(st.sampled_from(sorted(MOST)), st.lists(_signs, max_size=5).map(tuple))


@given(_kinds, st.sampled_from(sorted(MOST)), _signs)
def test_one_more_sign_never_lowers_the_score(signs: dict[str, tuple[Sign, ...]], kind: str, sign: Sign) -> None:
    more = {**signs, kind: (*signs.get(kind, ()), sign)}
    assert 0 <= add_up(signs.items()).points <= add_up(more.items()).points <= 100


_counts = st.none() | st.integers(0, 500)
_posted = st.fixed_dictionaries(
    {
        "user_agent": st.sampled_from(["", "Mozilla/5.0", *BROWSERS[:5]]),
        "seconds_on_form": st.none() | st.floats(5, 5000),
        "keystrokes": _counts,
        "pastes": _counts,
        "pointer_events": _counts,
        "webdriver": st.sampled_from([None, False]),
        "device_id": st.sampled_from(["", "d"]),
    }
)
_ABSENT = Signals()


@given(_posted, st.sampled_from(["", AMAZON, *PEOPLE[:3]]), st.sampled_from(sorted(_ABSENT.__slots__)))
def test_a_signal_left_out_never_adds_points(signals: dict[str, Any], ip: str, left_out: str) -> None:
    told = _with(ip, **signals)
    silent = replace(told, signals=replace(told.signals, **{left_out: getattr(_ABSENT, left_out)}))
    assert _score(silent) <= _score(told)
    assert _score(replace(told, consent=replace(told.consent, ip=""))) <= _score(told)
    assert _score(replace(told, signals=_ABSENT, consent=replace(told.consent, ip=""))) == 0


@given(st.text(max_size=80))
def test_no_user_agent_and_no_address_raises(text: str) -> None:
    read_agent(text or "x", reference().crawlers)
    network_of(text, reference().data_centres)


def test_the_time_on_the_form_needs_not_be_a_number_to_be_survived() -> None:
    for seconds in (math.nan, math.inf, -math.inf, -0.0, 1e308):
        judged(_with(seconds_on_form=seconds, keystrokes=30))
