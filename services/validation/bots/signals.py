"""Whether a program filled in the form. What the seller did not send says nothing."""

from __future__ import annotations

import math
import re
from functools import lru_cache

from crawlerdetect import CrawlerDetect

from services.validation.lead import Signals
from services.validation.verdict import Finding, Notes

_HONEYPOT, _AGENT, _SPEED = "bots.honeypot", "bots.user_agent", "bots.seconds_on_form"
_EXPECTED_EMPTY = "Expected the field that people cannot see to be left empty."
_EXPECTED_BROWSER = "Expected the consumer's browser as the user agent, not a crawler, library or headless browser."
_EXPECTED_SECONDS = "Expected the number of seconds that the form was open, 0 or more."

#: Tools that drive a browser or post without one and that the crawler list leaves out.
_TOOLS = re.compile(
    r"headless|phantomjs|electron/|puppeteer|playwright|selenium|webdriver|cypress|slimerjs|htmlunit|jsdom|zombie\.js"
    r"|^(?:python|java|ruby|perl|php|go|node|dart|okhttp|axios|undici|got|ky|curl|wget|httpie|libwww|lwp|postman|insomnia)\b",
    re.IGNORECASE,
)
#: Longest user agent that is looked at, in characters.
_LONGEST = 512
_CRAWLERS = CrawlerDetect()


@lru_cache(maxsize=8192)
def tool_in(user_agent: str) -> str:
    """What crawler, library or headless browser a user agent admits to be; empty: a browser, or nothing."""
    if not user_agent:
        return ""
    found = _TOOLS.search(user_agent)
    if found is not None:
        return found[0].lower()
    return (_CRAWLERS.get_matches() or "a crawler") if _CRAWLERS.is_crawler(user_agent) else ""


def judge_signals(signals: Signals, notes: Notes) -> None:
    """What holds whatever the order: the honeypot and the user agent."""
    if signals.honeypot is not None:
        if signals.honeypot.strip():
            notes.failed(_HONEYPOT, Finding("bot_detected", "signals.honeypot", _EXPECTED_EMPTY), "filled in")
        else:
            notes.passed(_HONEYPOT, "signals.honeypot", "empty", "empty")
    agent = signals.user_agent.strip()[:_LONGEST]
    if agent:
        tool = tool_in(agent)
        if tool:
            notes.failed(_AGENT, Finding("bot_detected", "signals.user_agent", _EXPECTED_BROWSER), tool)
        else:
            notes.passed(_AGENT, "signals.user_agent", "a browser", "a browser")
    seconds = signals.seconds_on_form
    if seconds is not None and not (math.isfinite(seconds) and seconds >= 0):
        notes.failed(_SPEED, Finding("field_invalid", "signals.seconds_on_form", _EXPECTED_SECONDS), "no duration")


def judge_speed(seconds: float | None, minimum: int, notes: Notes) -> None:
    """Holds the time on the form against the order's least."""
    if seconds is None or not (math.isfinite(seconds) and seconds >= 0):
        return
    if seconds < minimum:
        message = f"Expected at least {minimum} seconds on the form."
        notes.failed(_SPEED, Finding("bot_detected", "signals.seconds_on_form", message), f"{seconds:.1f} s")
    else:
        notes.passed(_SPEED, "signals.seconds_on_form", "long enough", f"at least {minimum} s")
