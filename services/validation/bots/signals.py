"""How the form was filled in. What the seller did not send says nothing."""

from __future__ import annotations

import math

from services.validation.bots.agent import read_agent
from services.validation.bots.sign import Sign
from services.validation.fieldtypes.text import is_missing, tidy
from services.validation.lead import Signals
from services.validation.lists.holders import Crawlers
from services.validation.verdict import Finding, Notes

_HONEYPOT, _AGENT, _SPEED, _DRIVEN, _INPUT = (
    "bots.honeypot",
    "bots.user_agent",
    "bots.seconds_on_form",
    "bots.webdriver",
    "bots.input",
)
_EXPECTED_EMPTY = "Expected the field that people cannot see to be left empty."
_EXPECTED_BROWSER = "Expected the consumer's browser as the user agent, not a crawler, library or headless browser."
_EXPECTED_SECONDS = "Expected the number of seconds that the form was open, 0 or more."
_EXPECTED_PERSON = "Expected a browser that a person uses: this one says that a program drives it."
#: What a form's script sends for a hidden box that nobody ticked.
_UNTICKED = frozenset({"false", "off"})

#: Quickest form that raises no eyebrow, in seconds, where no browser filled it in.
_HASTY = 10.0
#: Keys a second that no hand presses: the fastest typists reach 20 for a few words.
_FASTEST = 25.0
#: Fewest keys by which a speed is told.
_ENOUGH_KEYS = 20

_UNTOUCHED = Sign("untouched", 40, "neither a key nor the pointer was used")
_POINTERLESS = Sign("pointerless", 5, "the pointer was not used")
_PASTED = Sign("paste_only", 20, "every field was pasted")
_SUPERHUMAN = Sign("superhuman", 30, "keys were pressed faster than hands can")
_HURRIED = Sign("hasty", 15, "the form was sent within seconds")


def judge_signals(signals: Signals, crawlers: Crawlers, notes: Notes) -> tuple[Sign, ...]:
    """What is certain whatever the order: honeypot, user agent, automation. Returns what is odd about the agent."""
    if signals.honeypot is not None:
        content = tidy(signals.honeypot)
        if is_missing(content) or content.lower() in _UNTICKED:
            notes.passed(_HONEYPOT, "signals.honeypot", "empty", "empty")
        else:
            notes.failed(_HONEYPOT, Finding("bot_detected", "signals.honeypot", _EXPECTED_EMPTY), "filled in")
    if signals.webdriver is not None:
        if signals.webdriver:
            notes.failed(_DRIVEN, Finding("bot_detected", "signals.webdriver", _EXPECTED_PERSON), "driven by a program")
        else:
            notes.passed(_DRIVEN, "signals.webdriver", "not driven by a program", "not driven by a program")
    seconds = signals.seconds_on_form
    if seconds is not None and not (math.isfinite(seconds) and seconds >= 0):
        notes.failed(_SPEED, Finding("field_invalid", "signals.seconds_on_form", _EXPECTED_SECONDS), "no duration")
    return _judge_agent(signals.user_agent.strip(), crawlers, notes)


def _judge_agent(agent: str, crawlers: Crawlers, notes: Notes) -> tuple[Sign, ...]:
    if is_missing(agent):
        return ()
    tool, signs = read_agent(agent, crawlers)
    if tool:
        notes.failed(_AGENT, Finding("bot_detected", "signals.user_agent", _EXPECTED_BROWSER), tool)
    else:
        notes.passed(_AGENT, "signals.user_agent", signs[0].explanation if signs else "a browser", "a browser")
    return signs


def input_signs(signals: Signals, notes: Notes) -> tuple[Sign, ...]:
    """What is odd about how the fields were filled in.

    Filling in by the browser or a password manager is what people do, so it excuses haste and silence of the keys.
    """
    keys, pointer, seconds = signals.keystrokes, signals.pointer_events, signals.seconds_on_form
    filled = bool(signals.autofills)
    signs = []
    if pointer == 0:
        signs.append(_UNTOUCHED if keys == 0 and not filled else _POINTERLESS)
    if keys == 0 and signals.pastes and not filled:
        signs.append(_PASTED)
    if seconds is not None and 0 <= seconds < math.inf:
        if seconds < _HASTY and not filled:
            signs.append(_HURRIED)
        if keys is not None and not filled and keys >= _ENOUGH_KEYS and keys > seconds * _FASTEST:
            signs.append(_SUPERHUMAN)
    if signs or keys is not None or pointer is not None or signals.pastes is not None:
        told = "; ".join(sign.explanation for sign in signs)
        notes.passed(_INPUT, "signals", told or "as people fill in a form", "as people fill in a form")
    return tuple(signs)


def judge_speed(seconds: float | None, minimum: int, notes: Notes) -> None:
    """Holds the time on the form against the order's least."""
    if seconds is None or not (math.isfinite(seconds) and seconds >= 0):
        return
    if seconds < minimum:
        message = f"Expected at least {minimum} seconds on the form."
        notes.failed(_SPEED, Finding("bot_detected", "signals.seconds_on_form", message), f"{seconds:.1f} s")
    else:
        notes.passed(_SPEED, "signals.seconds_on_form", "long enough", f"at least {minimum} s")
