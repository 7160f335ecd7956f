"""States, ZIP codes, and whether they contradict each other."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

from services.validation.lists.reference import SANDBOX_ZIPS, Zips
from services.validation.verdict import Finding, Notes, Reading, accepted, refused
from shared.verdict import Check

_STATE, _ZIP, _EXISTS, _MATCH, _CITY = (
    "state.readable",
    "postal_code.readable",
    "postal_code.exists",
    "address.state_matches_zip",
    "address.city_matches_zip",
)
_EXPECTED_STATE = "Expected a US state by its name or USPS code, such as TX."
_EXPECTED_ZIP = "Expected a ZIP code of five digits, or ZIP+4."
_EXPECTED_REAL_ZIP = "Expected a ZIP code that exists."

#: USPS Publication 28, appendix B: states, the District, territories and freely associated states, military "states".
STATES = {
    "AL": "Alabama", "AK": "Alaska", "AZ": "Arizona", "AR": "Arkansas", "CA": "California", "CO": "Colorado",
    "CT": "Connecticut", "DE": "Delaware", "DC": "District of Columbia", "FL": "Florida", "GA": "Georgia",
    "HI": "Hawaii", "ID": "Idaho", "IL": "Illinois", "IN": "Indiana", "IA": "Iowa", "KS": "Kansas", "KY": "Kentucky",
    "LA": "Louisiana", "ME": "Maine", "MD": "Maryland", "MA": "Massachusetts", "MI": "Michigan", "MN": "Minnesota",
    "MS": "Mississippi", "MO": "Missouri", "MT": "Montana", "NE": "Nebraska", "NV": "Nevada", "NH": "New Hampshire",
    "NJ": "New Jersey", "NM": "New Mexico", "NY": "New York", "NC": "North Carolina", "ND": "North Dakota",
    "OH": "Ohio", "OK": "Oklahoma", "OR": "Oregon", "PA": "Pennsylvania", "RI": "Rhode Island",
    "SC": "South Carolina", "SD": "South Dakota", "TN": "Tennessee", "TX": "Texas", "UT": "Utah", "VT": "Vermont",
    "VA": "Virginia", "WA": "Washington", "WV": "West Virginia", "WI": "Wisconsin", "WY": "Wyoming",
    "AS": "American Samoa", "GU": "Guam", "MP": "Northern Mariana Islands", "PR": "Puerto Rico",
    "VI": "Virgin Islands", "FM": "Federated States of Micronesia", "MH": "Marshall Islands", "PW": "Palau",
    "AA": "Armed Forces Americas", "AE": "Armed Forces Europe", "AP": "Armed Forces Pacific",
}  # fmt: skip
#: Older abbreviations (GPO style manual 9.49) and other ways in which people write a state.
_ALSO = {
    "AL": "Ala", "AK": "Alas", "AZ": "Ariz", "AR": "Ark", "CA": "Cal Calif", "CO": "Colo Col", "CT": "Conn",
    "DE": "Del", "DC": "Washington_DC Wash_DC Dist_of_Columbia", "FL": "Fla Flor", "IL": "Ill Ills", "IN": "Ind",
    "KS": "Kans Kan", "KY": "Ken Kent", "MA": "Mass", "MI": "Mich", "MN": "Minn", "MS": "Miss", "MT": "Mont",
    "NE": "Neb Nebr", "NV": "Nev", "NH": "N_Hamp", "NJ": "N_Jersey", "NM": "N_Mex New_Mex",
    "NY": "New_York_State N_York",
    "NC": "N_Car N_Carolina No_Carolina", "ND": "N_Dak N_Dakota No_Dakota", "OK": "Okla", "OR": "Ore Oreg",
    "PA": "Penn Penna", "SC": "S_Car S_Carolina So_Carolina", "SD": "S_Dak S_Dakota So_Dakota", "TN": "Tenn",
    "TX": "Tex", "VA": "Virg", "WA": "Wash Washington_State State_of_Washington", "WV": "W_Va W_Virginia",
    "WI": "Wis Wisc", "WY": "Wyo", "PR": "P_Rico", "VI": "US_Virgin_Islands USVI",
    "MP": "CNMI Commonwealth_of_the_Northern_Mariana_Islands", "RI": "R_Island", "HI": "Hawaiʻi Hawai_i",
    "AA": "Armed_Forces_the_Americas", "AE": "Armed_Forces_Africa Armed_Forces_Canada Armed_Forces_Middle_East",
}  # fmt: skip


def _folded(text: str) -> str:
    return "".join(letter for letter in text.casefold() if letter.isalnum())


_CODES = (
    {code.casefold(): code for code in STATES}
    | {_folded(name): code for code, name in STATES.items()}
    | {_folded(word): code for code, words in _ALSO.items() for word in words.split(" ")}
)
_ZIP_CODE = re.compile(r"(\d{5})(?:[ -]{0,3}(\d{4}))?", re.ASCII)


def state_code(text: str) -> str | None:
    """The USPS code of a state written in any usual way; None: no state."""
    return _CODES.get(_folded(text))


def read_state(text: str) -> Reading:
    """A state's USPS code."""
    code = state_code(text)
    if code is None:
        # "TX - Texas" is how many drop-downs label it.
        left, dash, right = text.partition("-")
        if dash and state_code(left) == state_code(right):
            code = state_code(left)
    return accepted(code, _STATE, "state", code, "a USPS code") if code else refused(_STATE, "state", _EXPECTED_STATE)


def zip_reader(zips: Zips) -> Callable[[str], Reading]:
    """A reader of ZIP codes that knows which exist; sandbox ZIPs are read as they are."""

    def read_zip(text: str) -> Reading:
        match = _ZIP_CODE.fullmatch(text.removesuffix("-").rstrip())
        if match is None:
            return refused(_ZIP, "postal_code", _EXPECTED_ZIP)
        zip5, plus4 = match.groups()
        readable = Check(_ZIP, True, "postal_code", f"{zip5[:3]}**", "ZIP or ZIP+4")
        if zip5 in SANDBOX_ZIPS or zips.state(zip5) is not None:
            value = f"{zip5}-{plus4}" if plus4 and plus4 != "0000" else zip5
            return Reading(value, (readable, Check(_EXISTS, True, "postal_code", "listed", "a ZIP that exists")))
        failed = Check(_EXISTS, False, "postal_code", f"{zip5[:3]}**", _EXPECTED_REAL_ZIP, "field_invalid")
        return Reading(None, (readable, failed), (Finding("field_invalid", "postal_code", _EXPECTED_REAL_ZIP),))

    return read_zip


@lru_cache(maxsize=16384)
def judge_place(zips: Zips, zip5: str, state: str, city: str) -> tuple[tuple[Check, ...], tuple[Finding, ...]]:
    """Holds state and city against the ZIP. A state contradicts; a city is only noted, its spellings being many."""
    notes = Notes()
    if zip5 and state:
        if zips.reaches(zip5, state):
            notes.passed(_MATCH, "state", state, "the ZIP's state")
        else:
            expected = zips.state(zip5) or ""
            message = "Expected the state in which the ZIP code lies."
            notes.failed(_MATCH, Finding("address_mismatch", "state", message, expected), state, expected)
    if zip5 and city:
        same = _folded(city) == _folded(zips.city(zip5))
        observed = "the ZIP's main city" if same else "another name than the ZIP's main city"
        notes.passed(_CITY, "city", observed, "noted only")
    return tuple(notes.checks), tuple(notes.findings)
