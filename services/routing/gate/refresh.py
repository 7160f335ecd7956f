"""Writes the list of places anew from the packages that publish ZIP codes, area codes and time zones.

    python -m services.routing.gate.refresh

Nobody needs those packages at run time: what is kept of them is `data/places.txt`, a few kilobytes that say in which
states and zones the first three digits of a ZIP lie, and an area code.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from importlib.metadata import version
from itertools import groupby
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

FILE = Path(__file__).with_name("data") / "places.txt"

#: Zones that keep the same time today are one; these give it its name, the first that fits.
_NAMES = """
America/New_York America/Chicago America/Denver America/Phoenix America/Los_Angeles America/Anchorage America/Adak
Pacific/Honolulu America/Puerto_Rico Pacific/Guam Pacific/Pago_Pago Pacific/Majuro Pacific/Palau Pacific/Pohnpei
""".split()

#: Where people keep another time than the list of ZIPs says, by three digits: West Wendover, Nevada (43 FR 38830);
#: Lanett and Phenix City, Alabama, which live by Georgia's clock; Pohnpei and Kosrae, whose zone is their own.
_ALSO = {
    "898": {("NV", "America/Denver")},
    "368": {("AL", "America/New_York")},
    "969": {("FM", "Pacific/Pohnpei")},
}

#: Mail of the armed forces reaches them wherever they are: zones from one end of each region to the other.
#: USPS Publication 28, appendix B: AE is Europe, the Middle East, Africa and Canada; AP the Pacific; AA the Americas.
_FORCES = {
    "AE": ["America/Halifax", "Atlantic/Azores", "Europe/London", "Europe/Berlin", "Asia/Riyadh", "Asia/Dubai"],
    "AP": ["Indian/Chagos", "Asia/Bangkok", "Asia/Tokyo", "Pacific/Guam", "Australia/Sydney"],
    "AA": ["America/Costa_Rica", "America/Panama", "America/Puerto_Rico", "America/Sao_Paulo"],
}

#: Area codes in use that libphonenumber's geography does not name yet, and those of the territories.
_AREAS = {
    "340": "VI", "670": "MP", "671": "GU", "684": "AS", "787": "PR", "939": "PR",
    "436": "OH", "457": "LA", "465": "NY", "471": "MS", "621": "TX", "624": "NY", "679": "MI", "729": "TN",
    "837": "CA", "861": "IL", "924": "MN", "983": "CO",
}  # fmt: skip

#: Area codes laid over another one, where libphonenumber knows too few of their exchanges to name every zone.
_OVERLAYS = {
    "364": "270", "448": "850", "458": "541", "621": "713", "679": "313", "689": "407", "729": "423", "930": "812",
    "986": "208",
}  # fmt: skip

#: Countries of the numbering plan whose law is the United States'.
_OURS = {"US", "AS", "GU", "MP", "PR", "VI"}

#: States by the names that libphonenumber gives to area codes of a whole state.
_STATES = {
    "Alabama": "AL", "Alaska": "AK", "Arizona": "AZ", "Arkansas": "AR", "California": "CA", "Colorado": "CO",
    "Connecticut": "CT", "Delaware": "DE", "Washington D.C.": "DC", "Florida": "FL", "Georgia": "GA", "Hawaii": "HI",
    "Idaho": "ID", "Illinois": "IL", "Indiana": "IN", "Iowa": "IA", "Kansas": "KS", "Kentucky": "KY",
    "Louisiana": "LA", "Maine": "ME", "Maryland": "MD", "Massachusetts": "MA", "Michigan": "MI", "Minnesota": "MN",
    "Mississippi": "MS", "Missouri": "MO", "Montana": "MT", "Nebraska": "NE", "Nevada": "NV", "New Hampshire": "NH",
    "New Jersey": "NJ", "New Mexico": "NM", "New York": "NY", "North Carolina": "NC", "North Dakota": "ND",
    "Ohio": "OH", "Oklahoma": "OK", "Oregon": "OR", "Pennsylvania": "PA", "Rhode Island": "RI",
    "South Carolina": "SC", "South Dakota": "SD", "Tennessee": "TN", "Texas": "TX", "Utah": "UT", "Vermont": "VT",
    "Virginia": "VA", "Washington State": "WA", "Washington": "WA", "West Virginia": "WV", "Wisconsin": "WI",
    "Wyoming": "WY", "District of Columbia": "DC",
}  # fmt: skip

_Place = tuple[str, str]


def zip_places() -> dict[str, set[_Place]]:
    """States and zones by the first three digits of a ZIP."""
    import zipcodes

    found: defaultdict[str, set[_Place]] = defaultdict(set)
    for row in zipcodes.list_all():  # type: ignore[no-untyped-call]
        state, first = row["state"], row["zip_code"][:3]
        if state in _FORCES:
            found[first] |= {(state, zone) for zone in _FORCES[state]}
        elif zone := named(row["timezone"]):
            found[first].add((state, zone))
    for first, places in _ALSO.items():
        found[first] |= places
    return dict(found)


def area_places(zips: Mapping[str, set[_Place]]) -> tuple[dict[str, set[_Place]], set[str]]:
    """States and zones by area code, and the area codes of other countries of the numbering plan."""
    from phonenumbers.geodata import GEOCODE_DATA
    from phonenumbers.tzdata import TIMEZONE_DATA

    zones_of_state: defaultdict[str, set[str]] = defaultdict(set)
    for state, zone in (place for places in zips.values() for place in places):
        zones_of_state[state].add(zone)
    states = _states_of_areas((prefix, names["en"]) for prefix, names in GEOCODE_DATA.items() if "en" in names)
    told: defaultdict[str, set[str]] = defaultdict(set)
    for prefix, zones in TIMEZONE_DATA.items():
        if prefix.startswith("1") and len(prefix) >= 4:
            told[prefix[1:4]] |= {name for zone in zones if (name := named(zone))}
    places: dict[str, set[_Place]] = {}
    for area, state in (states | _AREAS).items():
        # An exchange may have moved with its owner; a zone that the state does not keep is none of the code's.
        zones_kept = told[_OVERLAYS.get(area, area)] & zones_of_state[state] or zones_of_state[state]
        places[area] = {(state, zone) for zone in zones_kept}
    return places, _abroad() - places.keys()


def _states_of_areas(names: Iterable[tuple[str, str]]) -> dict[str, str]:
    """The state of each area code: its own name, else what most of its exchanges are named after."""
    exchanges: defaultdict[str, Counter[str]] = defaultdict(Counter)
    own: dict[str, str] = {}
    for prefix, name in names:
        if not prefix.startswith("1") or len(prefix) < 4:
            continue
        ending = name.rpartition(", ")[2]
        state = ending if ending in _STATES.values() else _STATES.get(ending, "")
        if state and len(prefix) == 4:
            own[prefix[1:]] = state
        elif state:
            exchanges[prefix[1:4]][state] += 1
    return {area: counts.most_common(1)[0][0] for area, counts in exchanges.items()} | own


def _abroad() -> set[str]:
    """Area codes of Canada, the Caribbean and the other members of the North American numbering plan."""
    import phonenumbers

    of_area = {
        area: phonenumbers.region_code_for_number(phonenumbers.parse(f"+1{area}2345678"))
        for area in map(str, range(200, 1000))
    }
    return {area for area, region in of_area.items() if region and region not in _OURS}


@cache
def named(zone: str) -> str:
    """The name under which a zone is kept; empty: it is not one that the list knows."""
    try:
        wanted = _clock(zone)
    except (ZoneInfoNotFoundError, ValueError):
        return ""
    return next((name for name in _NAMES if _clock(name) == wanted), "")


@cache
def _clock(zone: str) -> tuple[timedelta | None, ...]:
    """The zone's offset on every day of some years."""
    start, info = datetime(2024, 1, 1, 12, tzinfo=UTC), ZoneInfo(zone)
    return tuple((start + timedelta(days=day)).astimezone(info).utcoffset() for day in range(6 * 366))


def grouped(kind: str, places: Mapping[str, Iterable[_Place]]) -> list[str]:
    """Lines of the file: the kind, the places, and the beginnings that lie in exactly those."""
    by_places: defaultdict[tuple[_Place, ...], list[str]] = defaultdict(list)
    for first, there in sorted(places.items()):
        by_places[tuple(sorted(there))].append(first)
    return [
        "\t".join((kind, "|".join(f"{state} {zone}" for state, zone in there), _ranges(firsts)))
        for there, firsts in sorted(by_places.items())
    ]


def _ranges(firsts: list[str]) -> str:
    runs = [
        [first for _, first in run]
        for _, run in groupby(enumerate(firsts), key=lambda numbered: int(numbered[1]) - numbered[0])
    ]
    return " ".join(run[0] if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs)


def main() -> None:
    """Write the file; the day and the packages' versions stand in its first line."""
    zips = zip_places()
    areas, abroad = area_places(zips)
    sources = " ".join(f"{package} {version(package)}" for package in ("zipcodes", "phonenumbers", "tzdata"))
    lines = [f"# {datetime.now(UTC):%Y-%m-%d} from {sources}", *grouped("zip", zips), *grouped("area", areas)]
    FILE.write_text("\n".join([*lines, f"abroad\t\t{_ranges(sorted(abroad))}", ""]), encoding="utf-8")


if __name__ == "__main__":
    main()
