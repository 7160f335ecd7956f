"""The gate's rules: dated data with a citation each, read and checked once. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import Any, Literal, TypeAlias

import msgspec
from msgspec import Struct

from services.routing.gate.calendar import Calendar, day_of
from shared.catalog.states import USPS_STATES

Channel: TypeAlias = Literal["call", "text", "email"]
CHANNELS: tuple[Channel, ...] = ("call", "text", "email")

_WEEKDAYS = "mon tue wed thu fri sat sun".split()
_CLOSED = "closed"
#: Minutes from and to, of a day.
Window: TypeAlias = tuple[int, int]


class RulesError(ValueError):
    """The packaged rules cannot be used: the text names the file and the entry."""


class _Rule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename={"since": "from"}):
    """What every rule has.

    Attributes:
        since: first day, by the calendar where the person is; None: older than any lead.
        until: last day; None: in force.
        citation: the law.
        source: where it was read, or who reports it.
        basis: `statute` where the law's text was read, `reported` where a commentator says so, `house` for our own.
        note: what sources disagree about, and why this reading was taken.
    """

    id: str
    since: date | None = None
    until: date | None = None
    citation: str
    source: str
    basis: Literal["statute", "reported", "house"]
    note: str = ""

    def in_force(self, day: date) -> bool:
        """Whether the rule binds on a day."""
        return (self.since is None or self.since <= day) and (self.until is None or day <= self.until)


class _StateRule(_Rule, frozen=True, kw_only=True, forbid_unknown_fields=True, rename={"since": "from"}):
    """A rule of some states, or of all, for some channels."""

    states: tuple[str, ...] | Literal["all"]
    channels: tuple[Literal["call", "text"], ...]
    #: It binds only where a program dials or speaks.
    automatic_only: bool = False

    def binds(self, state: str, channel: Channel, automatic: bool) -> bool:
        """Whether it is about this state, channel and manner, on whatever day."""
        return (
            (self.states == "all" or state in self.states)
            and channel in self.channels
            and (automatic or not self.automatic_only)
        )


class HoursRule(_StateRule, frozen=True, kw_only=True, forbid_unknown_fields=True, rename={"since": "from"}):
    """Hours by weekday, on the clock where the person is."""

    #: By `mon`, `mon-fri` …: `08:00-21:00`, or `closed`.
    hours: dict[str, str]
    #: A calendar of `holidays.yaml`; empty: holidays are like other days.
    holidays: Calendar | None = None
    on_holidays: str = _CLOSED

    def window(self, day: date) -> Window | None:
        """Minutes from and to in which it allows contact on a day; None: closed."""
        if self.holidays is not None and day in self.holidays:
            return _window(self.on_holidays)
        weekday = _WEEKDAYS[day.weekday()]
        return next(_window(span) for days, span in self.hours.items() if weekday in _days(days))

    def __hash__(self) -> int:
        return hash(self.id)


class AttemptRule(_StateRule, frozen=True, kw_only=True, forbid_unknown_fields=True, rename={"since": "from"}):
    """Most attempts in a sliding number of hours."""

    most: int
    hours: int


class NumberRule(_Rule, frozen=True, kw_only=True, forbid_unknown_fields=True, rename={"since": "from"}):
    """A number with the law behind it."""

    value: int


class Rules(Struct, frozen=True, kw_only=True):
    """Everything the gate goes by."""

    hours: tuple[HoursRule, ...]
    attempts: tuple[AttemptRule, ...]
    numbers: dict[str, NumberRule]
    #: The newest of the files' days, and a digest of all their text.
    version: str

    def number(self, name: str) -> int:
        """A number by its rule's id. Raises KeyError for one that is not there."""
        return self.numbers[name].value


@cache
def rules() -> Rules:
    """The packaged rules, read and checked once.

    Raises:
        RulesError: they cannot be used.
    """
    texts = {
        name: files("services.routing.gate").joinpath(f"rules/{name}.yaml").read_bytes()
        for name in ("hours", "holidays", "attempts", "permission")
    }
    return read(texts)


def read(texts: dict[str, bytes]) -> Rules:
    """Rules from the text of the four files, by name.

    Raises:
        RulesError: an entry is unknown, incomplete, or says what cannot be.
    """
    documents = {name: _document(name, text) for name, text in texts.items()}
    calendars = {one.id: one for one in _entries(documents, "holidays", "calendars", Calendar)}
    for entry in documents["hours"]["rules"]:
        if "holidays" in entry:
            if entry["holidays"] not in calendars:
                raise RulesError(f"hours.yaml: {entry.get('id')}: no calendar {entry['holidays']}")
            entry["holidays"] = calendars[entry["holidays"]]
    hours = _entries(documents, "hours", "rules", HoursRule)
    attempts = _entries(documents, "attempts", "rules", AttemptRule)
    numbers = _entries(documents, "permission", "numbers", NumberRule)
    _check_names([*hours, *attempts, *numbers])
    for rule in hours:
        _check_hours(rule)
    for calendar in calendars.values():
        for day in calendar.days:
            day_of(day, 2026)
    digest = sha256(b"\n".join(texts[name] for name in sorted(texts))).hexdigest()[:8]
    newest = max(str(document["version"]) for document in documents.values())
    return Rules(
        hours=tuple(hours),
        attempts=tuple(attempts),
        numbers={rule.id: rule for rule in numbers},
        version=f"{newest}.{digest}",
    )


def _document(name: str, text: bytes) -> dict[str, Any]:
    try:
        return msgspec.yaml.decode(text, type=dict[str, Any])
    except msgspec.MsgspecError as error:
        raise RulesError(f"{name}.yaml: {error}") from None


def _entries(documents: dict[str, dict[str, Any]], name: str, key: str, kind: type[Any]) -> list[Any]:
    try:
        return [msgspec.convert(entry, kind) for entry in documents[name][key]]
    except (KeyError, msgspec.ValidationError) as error:
        raise RulesError(f"{name}.yaml: {error}") from None


def _check_names(every: Iterable[_Rule]) -> None:
    seen: set[str] = set()
    for rule in every:
        if rule.id in seen:
            raise RulesError(f"{rule.id}: two rules of one name")
        seen.add(rule.id)
        states = getattr(rule, "states", "all")
        if states != "all" and not USPS_STATES.issuperset(states):
            raise RulesError(f"{rule.id}: {states} are no states")
        if rule.since and rule.until and rule.since > rule.until:
            raise RulesError(f"{rule.id}: it ends before it begins")


def _check_hours(rule: HoursRule) -> None:
    named = [day for days in rule.hours for day in _days(days)]
    if sorted(named) != sorted(_WEEKDAYS):
        raise RulesError(f"{rule.id}: expected every weekday once")
    for span in (*rule.hours.values(), rule.on_holidays):
        window = _window(span)
        if window is not None and not 0 <= window[0] < window[1] <= 1440:
            raise RulesError(f"{rule.id}: {span} is no span of a day")


@cache
def _days(text: str) -> tuple[str, ...]:
    first, _, last = text.partition("-")
    try:
        return tuple(_WEEKDAYS[_WEEKDAYS.index(first) : _WEEKDAYS.index(last or first) + 1])
    except ValueError:
        raise RulesError(f"{text}: expected mon or mon-fri") from None


@cache
def _window(text: str) -> Window | None:
    if text == _CLOSED:
        return None
    try:
        opens, closes = (int(part[:2]) * 60 + int(part[3:]) for part in text.split("-"))
    except ValueError:
        raise RulesError(f"{text}: expected 08:00-21:00 or closed") from None
    return opens, closes
