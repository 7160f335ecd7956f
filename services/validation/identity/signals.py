"""What is odd about a lead's person, without proving anything.

Every sign here has good reasons: people keep their area code when they move, share a name with a figure, write with a
partner's e-mail address, give a neighbourhood for a city. So none is ever a reason alone; `rules.py` gives them to
`bots.sign.add_up` as the kind `identity`, whose share of the score is capped, and an order's threshold decides.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from services.validation.bots.sign import Sign
from services.validation.identity.made_up import folded, is_odd
from services.validation.identity.words import LIKENESSES
from services.validation.lists.reference import Reference, Zips

#: Last names that also stand for a test; some people bear them.
_TRIAL_NAMES = frozenset("test tester fake sample dummy demo example bogus user lead null none".split())
_WORD = re.compile(r"[a-z]+")
#: Shortest part of a name that is looked for in an e-mail address.
_TELLING = 3

_LIKENESS = Sign("name_of_a_figure", 15, "the name of a well-known figure or public person")
_TRIAL_NAME = Sign("name_of_a_test", 12, "a last name that tests use")
_ODD_NAME = Sign("odd_letters", 12, "letters that hardly any name has side by side")
_INITIALS = Sign("single_letters", 10, "one letter each for first and last name")
_ONE_NAME = Sign("same_names", 4, "first and last name are the same")
_NAME_IS_CITY = Sign("name_is_city", 4, "the last name is the city's")
_OTHER_NAME = Sign("other_name_in_email", 5, "the e-mail address shows a name, and none of the person's")
_FAR_PHONE = Sign("area_code_elsewhere", 4, "the area code is of another state than the address")
_NO_NUMBER = Sign("street_without_number", 4, "no number in the street")
_OTHER_CITY = Sign("city_not_listed", 3, "a city that no ZIP code knows")


def identity_signs(fields: Mapping[str, str], reference: Reference) -> tuple[Sign, ...]:
    """The signs of a lead's canonical fields, those of names first. What was not given gives no sign."""
    first, last = folded(fields.get("first_name", "")), folded(fields.get("last_name", ""))
    signs: list[Sign] = []
    if first and last:
        _name_signs(first, last, signs)
    city = fields.get("city", "")
    if city:
        if last and last == city.lower() and last != first:
            signs.append(_NAME_IS_CITY)
        if not _is_listed(reference.zips, city):
            signs.append(_OTHER_CITY)
    email = fields.get("email", "")
    if email and first and last and _shows_another_name(email, first, last):
        signs.append(_OTHER_NAME)
    if _is_from_elsewhere(fields, reference):
        signs.append(_FAR_PHONE)
    street = fields.get("street", "")
    if street and not any(map(str.isdigit, street)):
        signs.append(_NO_NUMBER)
    return tuple(signs)


@lru_cache(maxsize=16384)
def _is_listed(zips: Zips, city: str) -> bool:
    """Remembered: leads come from few cities."""
    return zips.knows(city)


def _name_signs(first: str, last: str, signs: list[Sign]) -> None:
    if f"{first} {last}" in LIKENESSES:
        signs.append(_LIKENESS)
    if last in _TRIAL_NAMES:
        signs.append(_TRIAL_NAME)
    if len(first) == 1 and len(last) == 1:
        # The letters of most alphabets; one sign of Chinese is a whole name.
        if first.isascii() and last.isascii():
            signs.append(_INITIALS)
    elif first == last:
        signs.append(_ONE_NAME)
    elif is_odd(first) or is_odd(last):
        signs.append(_ODD_NAME)


def _shows_another_name(email: str, first: str, last: str) -> bool:
    """Whether the address is made of words like a name's (ann.lee@), none of which the person's name has.

    Digits, initials, nicknames cut from either side and single words say nothing.
    """
    local = email.partition("@")[0].partition("+")[0].lower()
    if not ("." in local or "_" in local) or first[:_TELLING] in local or last[:_TELLING] in local:
        return False
    words = [word for word in _WORD.findall(local) if len(word) >= _TELLING]
    if len(words) < 2:
        return False
    name = [word for word in _WORD.findall(f"{first} {last}") if len(word) >= _TELLING]
    if not name:
        return False
    return not any(_related(word, part) for word in words for part in name)


def _related(word: str, part: str) -> bool:
    return word[:_TELLING] == part[:_TELLING] or word in part or part in word


def _is_from_elsewhere(fields: Mapping[str, str], reference: Reference) -> bool:
    phone, state = fields.get("phone", ""), fields.get("state", "")
    if not (phone.startswith("+1") and len(phone) == 12 and state):
        return False
    states = reference.area_states(phone[2:5])
    if not states or state in states:
        return False
    zip5 = fields.get("postal_code", "")[:5]
    return phone[2:5] not in reference.zips.area_codes(zip5) if zip5 else True
