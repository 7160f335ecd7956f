"""Cities, as a careful clerk writes them. Most names are known from the ZIP codes; an unknown one may be real."""

from __future__ import annotations

import re
from collections.abc import Callable

from services.validation.fieldtypes.lettercase import cased
from services.validation.fieldtypes.place import state_code
from services.validation.fieldtypes.repair import repaired
from services.validation.identity.made_up import folded, is_mashed, is_unsayable
from services.validation.identity.words import RUDE
from services.validation.lists.reference import Zips
from services.validation.verdict import Reading, accepted, refused

_CITY = "city.readable"
_EXPECTED = "Expected a city's name."
_NO_DIGITS = "Expected a city's name without digits."
_NO_STATE = "Expected a city: this is a state."
_NO_COUNTRY = "Expected a city: this is a country."
_MADE_UP = "Expected a city's name: this one is plainly made up."
_LONGEST = 60

#: What people call the largest cities. `LA` may be Louisiana's code, but not as a city.
_SHORT = {
    "nyc": "New York", "ny": "New York", "newyorkcity": "New York", "la": "Los Angeles", "sf": "San Francisco",
    "dc": "Washington", "washingtondc": "Washington", "philly": "Philadelphia", "vegas": "Las Vegas",
    "nola": "New Orleans", "okc": "Oklahoma City", "slc": "Salt Lake City", "kc": "Kansas City", "atl": "Atlanta",
    "indy": "Indianapolis", "frisco": "Frisco", "stl": "St. Louis", "29palms": "Twentynine Palms",
    "ftl": "Fort Lauderdale", "jax": "Jacksonville", "abq": "Albuquerque", "chitown": "Chicago", "htx": "Houston",
}  # fmt: skip
_LEADING = {"st": "St.", "ste": "Ste.", "ft": "Fort", "mt": "Mount", "pt": "Point"}
_POINTS = {"n": "North", "s": "South", "e": "East", "w": "West", "no": "North", "so": "South"}
#: Small within a name: Fond du Lac, Isle of Palms, Marina del Rey, Hastings-on-Hudson.
_SMALL = frozenset("of the on by in at and upon du de del la las los le aux over".split())
_ALWAYS_SMALL = frozenset("of or the on by in at and upon du de del aux over".split())
_CAPITALS = frozenset("apo fpo dpo usaf jbsa afb usmc us".split())
_COUNTRIES = frozenset(
    "us usa unitedstates unitedstatesofamerica america canada mexico unitedkingdom uk england".split()
)
_NOWHERE = frozenset(
    """city yourcity mycity town cityname test testcity testing unknowncity anytown nowhere hometown nocity asdf qwerty
    abc xyz xxx fake fakecity same any other idk whatever anywhere select selectcity
    selectacity selectone selectyourcity pleaseselect choosecity chooseacity choose entercity enteryourcity""".split()
)
_LETTERS = re.compile(r"[^\W\d_][\w .'()/&-]*[\w.)]|[^\W\d_]{2}")
_TAIL = re.compile(r"(.+?)(?:\s*[,/]\s*([^,/]+?)\.?| ?- ?([A-Z]{2}))$")
_ZIP_TAIL = re.compile(r",? +\d{5}(?:-\d{4})?$")
_COUNTRY_TAIL = re.compile(r",? +(?:USA|U\.S\.A\.?|US|United States)$", re.IGNORECASE)


def city_reader(zips: Zips, field: str = "city") -> Callable[[str], Reading]:
    """A reader of cities that knows those with a ZIP code."""

    def read_city(text: str) -> Reading:
        text = repaired(text).strip(' ,;*"-')
        if not text.endswith(" St."):
            text = text.rstrip(' .,;*"-')
        name, state = _without_state(_COUNTRY_TAIL.sub("", _ZIP_TAIL.sub("", text)), zips)
        fault = _fault(name, zips)
        if fault is not None:
            return refused(_CITY, field, fault)
        value = _SHORT.get(_key(name)) or _cased_city(name)
        parts = {"city": value, "country": "US"} | ({"state": state} if state else {})
        known = zips.knows(value)
        return accepted(value, _CITY, field, "a place with a ZIP code" if known else "no place of the list", "a city",
                        parts)  # fmt: skip

    return read_city


def _key(text: str) -> str:
    return "".join(filter(str.isalnum, text.casefold()))


def _without_state(text: str, zips: Zips) -> tuple[str, str]:
    """`Austin, TX` is Austin; `Virginia Beach Virginia` too, but Kansas City and Fort Washington are whole names."""
    tail = _TAIL.fullmatch(text)
    if tail is not None:
        code = state_code(tail[2] or tail[3])
        return (tail[1].rstrip(" ,"), code) if code else (text, "")
    head, _, last = text.rpartition(" ")
    if head and not zips.knows(text):
        for rest, end in ((head, last), _last_two(text)):
            code = state_code(end) if end else None
            if code and rest and (zips.knows(rest) or end == code):
                return rest.rstrip(" ,"), code
    return text, ""


def _last_two(text: str) -> tuple[str, str]:
    words = text.split(" ")
    return " ".join(words[:-2]), " ".join(words[-2:])


def _fault(name: str, zips: Zips) -> str | None:
    key = _key(name)
    if key in _SHORT:
        return None
    if any(map(str.isdigit, name)):
        return _NO_DIGITS
    if len(name) > _LONGEST or _LETTERS.fullmatch(name) is None:
        return _EXPECTED
    if zips.knows(name):
        return None
    if state_code(name) is not None:
        return _NO_STATE
    if key in _COUNTRIES:
        return _NO_COUNTRY
    plain = folded(name)
    if key in _NOWHERE or len(key) < 2 or (len(key) > 2 and len(set(key)) == 1):
        return _MADE_UP
    words = re.findall(r"[a-z]{4,}", plain) if plain.isascii() else ()
    made_up = any(word in RUDE or is_mashed(word) or is_unsayable(word) for word in words)
    return _MADE_UP if made_up else None


def _cased_city(name: str) -> str:
    words = name.split(" ")
    head = words[0].lower().rstrip(".")
    if len(words) > 1:
        if head in _LEADING:
            words[0] = _LEADING[head]
        elif head in _POINTS and len(words[1]) > 2:
            words[0] = _POINTS[head]
    return " ".join(_cased_word(word, rank) for rank, word in enumerate(words))


def _cased_word(word: str, rank: int) -> str:
    lower = word.lower()
    if rank and lower in {"st", "st.", "ste", "ste."}:
        return f"{lower.rstrip('.').capitalize()}."
    if word not in (lower, word.upper()):
        return word
    if lower in _CAPITALS:
        return word.upper()
    if rank and lower in _ALWAYS_SMALL:
        return lower
    if lower.startswith("d'"):
        return "d'" + cased(lower[2:]) if rank else "D'" + cased(lower[2:])
    if "-" in word:
        first, *rest = lower.split("-")
        return "-".join([cased(first), *(part if part in _SMALL else cased(part) for part in rest)])
    if lower.startswith("mac"):
        return lower.capitalize()
    return cased(lower) if len(lower) > 1 else word.upper()
