"""How often a lead's details were seen with other people: the observation, and what it says. Pure."""

from __future__ import annotations

from collections.abc import Set
from functools import lru_cache
from typing import NamedTuple

from services.validation.bots.sign import Sign
from services.validation.verdict import Finding, Notes
from shared.catalog.terms import VelocityTerms
from shared.verdict import Check

_KNOWN = "velocity.known"
_MANY = "Expected a detail of one consumer: more than {most} people came with this {detail} within {window}."

#: Of a source's last people within the hour, so many are compared with each other.
LAST_PEOPLE = 32
#: Seconds that make a burst of them.
BURST_SECONDS = 10

#: Details by which people are counted.
_COUNTED, _NONE = frozenset({"phone", "email", "signals.device_id", "consent.ip"}), frozenset[str]()
#: Fewest people by which a source's habits are told.
_ENOUGH_PEOPLE = 20
_ALIKE_PEOPLE = 6
_CROWD_AT_ADDRESS = 20
_CROWD_AT_DEVICE = 5

_ALIKE = Sign("same_answers", 20, "many people gave the very same answers")
_TIMED = Sign("same_seconds", 15, "half of the source's people took exactly as long")
_BURST = Sign("burst", 10, "the source's people came within seconds of each other")
_CROWD = Sign("crowded_address", 10, "many people came from the address")
_SHARED = Sign("shared_device", 15, "many people used the device")


class Sightings(NamedTuple):
    """Counts of different people, the lead's own included; 0: the lead does not have that detail."""

    #: False: nobody knows, because Redis was away or slow, or the lead is a test.
    known: bool = False
    #: With the lead's phone, and with its e-mail address, within a day.
    phone_day: int = 0
    email_day: int = 0
    #: On the lead's device within a day.
    device_day: int = 0
    #: From the lead's address within an hour and a day.
    ip_hour: int = 0
    ip_day: int = 0
    #: Of the source, at most LAST_PEOPLE, within an hour.
    source: int = 0
    #: Of those: with the same answers to the product's questions, with the same time on the form, within BURST_SECONDS.
    same_answers: int = 0
    same_seconds: int = 0
    burst: int = 0


NOT_KNOWN = Sightings()


def pattern_signs(seen: Sightings) -> tuple[Sign, ...]:
    """What is odd about the company that a lead comes in."""
    if not seen.known:
        return ()
    signs = []
    if seen.same_answers >= _ALIKE_PEOPLE:
        signs.append(_ALIKE)
    if seen.source >= _ENOUGH_PEOPLE and seen.same_seconds * 2 >= seen.source:
        signs.append(_TIMED)
    if seen.burst >= LAST_PEOPLE:
        signs.append(_BURST)
    if seen.ip_hour >= _CROWD_AT_ADDRESS:
        signs.append(_CROWD)
    if seen.device_day >= _CROWD_AT_DEVICE:
        signs.append(_SHARED)
    return tuple(signs)


def judge_velocity(
    seen: Sightings, terms: VelocityTerms, *, test: bool, invalid: Set[str] = frozenset(), notes: Notes
) -> None:
    """Holds the counts against an order's terms. What is not known harms nobody.

    `invalid`: fields that cannot be used; how many people sent the same nonsense says nothing more.
    """
    if not seen.known:
        notes.passed(_KNOWN, "", "not counted: a test" if test else "not known", "counts of the last day")
        return
    unusable = _COUNTED & invalid if invalid else _NONE
    counts = seen.phone_day, seen.email_day, seen.device_day, seen.ip_hour, seen.ip_day
    notes.add(*_judge_counts(counts, terms, unusable, notes.order))


@lru_cache(maxsize=4096)
def _judge_counts(
    counts: tuple[int, ...], terms: VelocityTerms, invalid: Set[str], order: str
) -> tuple[tuple[Check, ...], tuple[Finding, ...]]:
    """Remembered: nearly every lead is one person with one phone, one address and one device."""
    notes = Notes(order)
    phone_day, email_day, device_day, ip_hour, ip_day = counts
    for rule, field, detail, window, people, most in (
        ("velocity.phone", "phone", "phone", "a day", phone_day, terms.people_per_phone_day),
        ("velocity.email", "email", "e-mail address", "a day", email_day, terms.people_per_email_day),
        ("velocity.device", "signals.device_id", "device", "a day", device_day, terms.people_per_device_day),
        ("velocity.address_hour", "consent.ip", "address", "an hour", ip_hour, terms.people_per_ip_hour),
        ("velocity.address_day", "consent.ip", "address", "a day", ip_day, terms.people_per_ip_day),
    ):
        if not people or not most or field in invalid:
            continue
        if people > most:
            message = _MANY.format(most=most, detail=detail, window=window)
            notes.failed(rule, Finding("velocity", field, message), f"more than {most}", f"at most {most} people")
        else:
            notes.passed(rule, field, "1 person" if people == 1 else f"{people} people", f"at most {most} people")
    return tuple(notes.checks), tuple(notes.findings)
