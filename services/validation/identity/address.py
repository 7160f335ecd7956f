"""Whether the parts of an address lie in one place."""

from __future__ import annotations

from functools import lru_cache

from services.validation.lists.reference import Zips
from services.validation.verdict import Finding, Notes
from shared.verdict import Check

_MATCH, _CITY = "address.state_matches_zip", "address.city_matches_zip"
#: A city with fewer ZIPs may share its name with somebody's neighbourhood or hamlet that no list knows.
_LARGE = 20
#: Miles from the ZIP to the nearest place of that name beyond which nobody calls his home so.
_ELSEWHERE = 60.0


@lru_cache(maxsize=16384)
def judge_place(zips: Zips, zip5: str, state: str, city: str) -> tuple[tuple[Check, ...], tuple[Finding, ...]]:
    """Whether ZIP, state and city contradict each other. Each may be empty: it says nothing then.

    A state is at odds where the ZIP cannot reach into it. A city is at odds only where it certainly lies elsewhere:
    neighbourhoods, old names and post offices of the next town are normal, so any other name is noted only.
    """
    notes = Notes()
    if zip5 and state:
        if zips.reaches(zip5, state):
            notes.passed(_MATCH, "state", state, "the ZIP's state")
        else:
            expected = zips.state(zip5) or ""
            message = "Expected the state in which the ZIP code lies."
            notes.failed(_MATCH, Finding("address_mismatch", "state", message, expected), state, expected)
    if zip5 and city:
        _judge_city(zips, zip5, city, notes)
    return tuple(notes.checks), tuple(notes.findings)


def _judge_city(zips: Zips, zip5: str, city: str, notes: Notes) -> None:
    if zips.is_called(zip5, city):
        notes.passed(_CITY, "city", "a name of the ZIP's place", "a name of the ZIP's place")
        return
    miles = zips.miles_to(zip5, city)
    if miles is None:
        notes.passed(_CITY, "city", "a name that no ZIP has", "noted only")
    elif miles <= _ELSEWHERE:
        notes.passed(_CITY, "city", f"a place {miles:.0f} miles away", "noted only")
    elif zips.size(city) < _LARGE:
        notes.passed(_CITY, "city", f"a small place {miles:.0f} miles away", "noted only")
    else:
        message = f"Expected the city in which the ZIP code lies: this one is {miles:.0f} miles away."
        notes.failed(_CITY, Finding("address_mismatch", "city", message), f"{miles:.0f} miles away")
