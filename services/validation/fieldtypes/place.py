"""States and ZIP codes of the United States, as people write them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from typing import NamedTuple

from rapidfuzz.distance import OSA

from services.validation.lists.reference import SANDBOX_ZIPS, Zips
from services.validation.verdict import Finding, Reading, accepted, refused
from shared.verdict import Check

_STATE, _ZIP, _EXISTS = "state.readable", "postal_code.readable", "postal_code.exists"
_EXPECTED_STATE = "Expected a US state by its name or USPS code, such as TX."
_EXPECTED_NOT_PROVINCE = "Expected a US state: this is a province of Canada."
_EXPECTED_ONE_STATE = "Expected one US state: this names several."
_EXPECTED_ZIP = "Expected a ZIP code of five digits, or ZIP+4."
_EXPECTED_US_ZIP = "Expected a US ZIP code of five digits: this is a postal code of {}."
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
    "AL": "Ala", "AK": "Alas", "AZ": "Ariz", "AR": "Ark", "CA": "Cal Cali Calif", "CO": "Colo Col", "CT": "Conn",
    "DE": "Del",
    "DC": "Washington_DC Wash_DC Dist_of_Columbia Dist_Columbia Washington_District_of_Columbia District_Columbia",
    "FL": "Fla Flor", "GA": "Geo", "IL": "Ill Ills", "IN": "Ind", "KS": "Kans Kan",
    "KY": "Ken Kent Commonwealth_of_Kentucky",
    "MA": "Mass Commonwealth_of_Massachusetts", "MI": "Mich", "MN": "Minn", "MS": "Miss", "MT": "Mont",
    "NE": "Neb Nebr", "NV": "Nev", "NH": "N_Hamp N_Hampshire", "NJ": "N_Jersey Jersey",
    "NM": "N_Mex New_Mex N_Mexico", "NY": "New_York_State N_York NYS",
    "NC": "N_Car N_Carolina No_Carolina No_Car", "ND": "N_Dak N_Dakota No_Dakota No_Dak", "OK": "Okla",
    "OR": "Ore Oreg", "PA": "Penn Penna Commonwealth_of_Pennsylvania",
    "RI": "R_Island Rhode_Is Rhode_Island_and_Providence_Plantations",
    "SC": "S_Car S_Carolina So_Carolina So_Car", "SD": "S_Dak S_Dakota So_Dakota So_Dak", "TN": "Tenn",
    "TX": "Tex", "VA": "Virg Commonwealth_of_Virginia", "WA": "Wash Washington_State Wash_State",
    "WV": "W_Va W_Virginia West_Va Wvirginia", "WI": "Wis Wisc", "WY": "Wyo",
    "PR": "P_Rico Porto_Rico Commonwealth_of_Puerto_Rico",
    "VI": "US_Virgin_Islands USVI Virgin_Islands_US Virgin_Islands_of_the_United_States",
    "MP": "CNMI Commonwealth_of_the_Northern_Mariana_Islands N_Mariana_Islands Northern_Marianas",
    "FM": "Micronesia", "MH": "Republic_of_the_Marshall_Islands Marshalls", "PW": "Republic_of_Palau",
    "HI": "Hawai\u02bbi Hawai_i", "AS": "Am_Samoa",
    "AA": "Armed_Forces_the_Americas Armed_Forces_America",
    "AE": "Armed_Forces_Africa Armed_Forces_Canada Armed_Forces_Middle_East"
          " Armed_Forces_Europe_the_Middle_East_and_Canada",
}  # fmt: skip
_PROVINCES = frozenset(
    """on qc bc ab mb sk ns nb nl pe pei nt yt nu ont que alta man sask ontario quebec québec britishcolumbia alberta
    manitoba saskatchewan novascotia newbrunswick newfoundland newfoundlandandlabrador labrador princeedwardisland
    yukon northwestterritories nunavut""".split()
)
#: Names that several states share.
_SEVERAL = frozenset("carolina dakota virginias carolinas dakotas newengland tristate armedforces military".split())


def _folded(text: str) -> str:
    return "".join(letter for letter in text.casefold() if letter.isalnum())


_NAMES = {_folded(name): code for code, name in STATES.items()}
_CODES = (
    {code.casefold(): code for code in STATES}
    | _NAMES
    | {_folded(word): code for code, words in _ALSO.items() for word in words.split(" ")}
)
_ZIP_CODE = re.compile(
    r"(?i:zip(?: ?code)?[: ]+)?(?:([A-Za-z]{2})\.?,? ?)?(\d{5})(?:[ -]{0,3}(\d{4}))?(?:\.0{1,2})?", re.ASCII
)
#: What stands around a state without changing which: the country before or after it, a ZIP code, what it is.
_AROUND = re.compile(
    r"^(?:US-|USA?[ ,]+|the |(?:the )?state of )|[, ]+(?:USA?|U\.S\.A?\.?|United States(?: of America)?)$"
    r"|,? \d{5}(?:-\d{4})?$|[ ,]+state$",
    re.IGNORECASE,
)
_BETWEEN = re.compile(r"\s*[-(/|,:]\s*")
_CANADIAN = re.compile(r"[ABCEGHJ-NPRSTVXY]\d[A-Z][ -]?\d[A-Z]\d", re.IGNORECASE)
_BRITISH = re.compile(r"(?:GIR ?0AA|[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2})", re.IGNORECASE)
_OTHER_DASHES = str.maketrans(dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212\uff0d", "-"))
#: What spreadsheets and fingers leave around digits.
_OUTER = " -.,;:'\"()#*`"
#: Letters that are typed or scanned for digits.
_FOR_DIGITS = str.maketrans("OoQDIlLiSsBZz", "0000111155822")


def state_code(text: str) -> str | None:
    """The USPS code of a state written in any usual way; None: no state."""
    return _CODES.get(_folded(text))


def read_state(text: str, field: str = "state") -> Reading:
    """A state's USPS code."""
    code = state_code(text)
    if code is None:
        text = text.strip(" ,;.")
        bare = _AROUND.sub("", text)
        code = state_code(bare)
        if code is None:
            # "TX - Texas" is how many drop-downs label it.
            codes = [state_code(part) for part in _BETWEEN.split(bare.rstrip(")"), maxsplit=1)]
            if len(codes) == 2 and codes[0] == codes[1]:
                code = codes[0]
    if code is None:
        return _no_state(text, field)
    parts = {"state": code, "name": STATES[code], "country": "US"}
    return accepted(code, _STATE, field, code, "a USPS code", parts)


def _no_state(text: str, field: str) -> Reading:
    folded = _folded(text)
    if folded in _PROVINCES:
        return refused(_STATE, field, _EXPECTED_NOT_PROVINCE)
    if folded in _SEVERAL:
        return refused(_STATE, field, _EXPECTED_ONE_STATE)
    # "Austin, TX" holds a state, and "Texass" means one; whether it is the one is not for us to say.
    parts = _BETWEEN.split(_AROUND.sub("", text).rstrip(") "))
    codes = {code for part in parts if (code := state_code(part)) is not None}
    suggestion = codes.pop() if len(codes) == 1 else None if codes else _mistyped(folded)
    return refused(_STATE, field, _EXPECTED_STATE, suggestion=suggestion or "")


def _mistyped(folded: str) -> str | None:
    """The one state whose name is a slip or two away."""
    slips = 2 if len(folded) > 6 else 1
    if len(folded) < 4:
        return None
    near = {code for name, code in _NAMES.items() if OSA.distance(folded, name, score_cutoff=slips) <= slips}
    return near.pop() if len(near) == 1 else None


class _Digits(NamedTuple):
    zip5: str
    plus4: str


def zip_reader(zips: Zips, field: str = "postal_code") -> Callable[[str], Reading]:
    """A reader of ZIP codes that knows which exist; sandbox ZIPs are read as they are."""

    def read_zip(text: str) -> Reading:
        plain = text if text.isascii() else unicodedata.normalize("NFKC", text.translate(_OTHER_DASHES))
        match = _ZIP_CODE.fullmatch(plain.strip(_OUTER))
        if match is None:
            return _no_zip(plain.strip(_OUTER), field, zips)
        before, zip5, plus4 = match.groups()
        readable = Check(_ZIP, True, field, f"{zip5[:3]}**", "ZIP or ZIP+4")
        state = zips.state(zip5)
        if state is None and zip5 not in SANDBOX_ZIPS:
            failed = Check(_EXISTS, False, field, f"{zip5[:3]}**", _EXPECTED_REAL_ZIP, "field_invalid")
            return Reading(None, (readable, failed), (Finding("field_invalid", field, _EXPECTED_REAL_ZIP),))
        if before and state_code(before) != state:
            return refused(_ZIP, field, _EXPECTED_ZIP)
        parts = {"zip5": zip5, "country": "US"}
        if state is not None:
            parts |= {"state": state, "type": zips.kind(zip5)}
        if plus4 and plus4 != "0000":
            parts["plus4"] = plus4
        value = f"{zip5}-{plus4}" if "plus4" in parts else zip5
        return Reading(value, (readable, Check(_EXISTS, True, field, "listed", "a ZIP that exists")), (), parts)

    return read_zip


def _no_zip(text: str, field: str, zips: Zips) -> Reading:
    country = "Canada" if _CANADIAN.fullmatch(text) else "the United Kingdom" if _BRITISH.fullmatch(text) else ""
    if country:
        return refused(_ZIP, field, _EXPECTED_US_ZIP.format(country))
    meant = _meant(text)
    known = meant is not None and zips.state(meant.zip5) is not None
    suggestion = f"{meant.zip5}-{meant.plus4}".rstrip("-") if meant is not None and known else ""
    return refused(_ZIP, field, _EXPECTED_ZIP, suggestion=suggestion)


def _meant(text: str) -> _Digits | None:
    """What a spoilt ZIP code probably was: a zero lost at the front, a letter for a digit, a cut ZIP+4."""
    # Digits of other alphabets count as themselves.
    text = "".join(str(int(letter)) if letter.isdecimal() else letter for letter in text).strip()
    text = text.removesuffix(".0")
    text = text.translate(_FOR_DIGITS)
    if len(text.replace(" ", "")) == 5:
        text = text.replace(" ", "")
    front, _, back = text.replace(" ", "-").partition("-")
    if not front.isdecimal() or not (back == "" or back.isdecimal()):
        return None
    if len(front) == 8 and not back:
        # 2134-1234 written without its dash.
        front, back = front[:4], front[4:]
    if not 3 <= len(front) <= 5:
        return None
    return _Digits(front.zfill(5), back if len(back) == 4 else "")
