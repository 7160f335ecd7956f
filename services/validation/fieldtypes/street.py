"""Street addresses in the manner of USPS Publication 28, but with small letters: `123 N Main St Apt 4B`."""

from __future__ import annotations

import re

from services.validation.fieldtypes.lettercase import cased
from services.validation.fieldtypes.place import state_code
from services.validation.fieldtypes.repair import repaired
from services.validation.identity.made_up import folded, is_mashed
from services.validation.identity.words import RUDE
from services.validation.verdict import Reading, accepted, refused

_STREET = "street.readable"
_EXPECTED = "Expected a street address, such as 12 Main St Apt 4, or a PO Box."
_NO_ADDRESS = "Expected a street address: this is an e-mail or web address."
_MADE_UP = "Expected a street address: this one is plainly made up."
_LONGEST = 150
_NUMBERED = "with a number"

#: Publication 28, appendix C1: the usual street suffixes, shortened where they end the street's name.
_SUFFIXES = {
    "alley": "Aly", "avenue": "Ave", "av": "Ave", "aven": "Ave", "boulevard": "Blvd", "boul": "Blvd", "bypass": "Byp",
    "center": "Ctr", "centre": "Ctr", "circle": "Cir", "circ": "Cir", "court": "Ct", "crt": "Ct", "cove": "Cv",
    "crescent": "Cres", "crossing": "Xing", "drive": "Dr", "drv": "Dr", "expressway": "Expy", "freeway": "Fwy",
    "heights": "Hts", "highway": "Hwy", "hiway": "Hwy", "landing": "Lndg", "lane": "Ln", "parkway": "Pkwy",
    "pkway": "Pkwy", "parkwy": "Pkwy", "place": "Pl", "plaza": "Plz", "point": "Pt", "ridge": "Rdg", "road": "Rd",
    "route": "Rte", "square": "Sq", "street": "St", "str": "St", "strt": "St", "terrace": "Ter", "terr": "Ter",
    "trail": "Trl", "turnpike": "Tpke", "valley": "Vly", "view": "Vw", "village": "Vlg", "vista": "Vis",
}  # fmt: skip
#: What needs no tidying: `123 N Main St Apt 4B`.
_PLAIN = re.compile(
    r"(\d{1,6}) ((?:(?:[NSEW]|[NS][EW]) )?(?:[A-Z][a-z]{2,20} ){1,3}"
    r"(?:St|Ave|Rd|Dr|Ln|Blvd|Ct|Way|Pl|Cir|Ter|Pkwy|Trl|Loop|Sq|Run|Hwy))"
    r"(?: ((?:Apt|Unit|Ste|Lot) (?:\d{1,5}[A-Z]?|[A-Z])))?"
)
_TRIALS = frozenset("test fake asdf abc address".split())
#: Appendix C2: what stands before the number of a flat or office.
_UNITS = {
    "apartment": "Apt", "apt": "Apt", "appt": "Apt", "aptmt": "Apt", "unit": "Unit", "suite": "Ste", "ste": "Ste",
    "suit": "Ste", "building": "Bldg", "bldg": "Bldg", "floor": "Fl", "fl": "Fl", "flr": "Fl", "room": "Rm", "rm": "Rm",
    "lot": "Lot", "space": "Spc", "spc": "Spc", "trailer": "Trlr", "trlr": "Trlr", "department": "Dept",
    "dept": "Dept", "hangar": "Hngr", "slip": "Slip", "pier": "Pier",
}  # fmt: skip
_UNIT_WORDS = "|".join(sorted(_UNITS, key=len, reverse=True))
_UNIT = re.compile(
    rf"[\s,;.]+(?:({_UNIT_WORDS})\b\.?\s*(?:(?:#|no\.?|number)\s*)?|#\s*)"
    r"([a-z]?-?\d+[a-z]?(?:-[a-z\d]+)?|[a-z]{1,2}\d*)"
    r"(?=$|[\s,;])",
    re.IGNORECASE,
)
_FLOOR = re.compile(r"[\s,;]+(\d+)(?:st|nd|rd|th) (?:floor|flr|fl)\.?$", re.IGNORECASE)
_BOX = re.compile(
    r"(?:p\.? ?o\.?|post(?:al)? office) ?\.?,? ?(?:box|bx|drawer)\.?|p\.?o\.?b\.?(?= ?#? ?\d)|^box(?= ?#? ?\d)",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"(\d+(?:-\d+)?(?:[a-z]\b)?(?: \d/\d)?|[nsew] ?\d+ ?[nsew] ?\d+)\b[.,]? +(?=\S)", re.IGNORECASE)
_WHOLE = re.compile(
    r"(.*\S)[\s,]+(?:[A-Za-z][A-Za-z .'-]*),? +([A-Za-z]{2}|[A-Za-z ]{4,20}),? +\d{5}(?:-\d{4})?$", re.DOTALL
)
_ADDRESS = re.compile(r"\S@\S+\.|https?:|www\.|</?[a-z]", re.IGNORECASE)
_DIRECTIONS = frozenset("n s e w ne nw se sw".split())
#: Words that keep their capitals, and words of which no street consists.
_CAPITALS = frozenset("US FM CR SR RR HC PO CTY PSC CMR APO FPO USS UNIT TX CA IH LLC MLK JFK".split())
_SMALL = frozenset("of the and at on".split())
_NOWHERE = frozenset(
    """same sameasabove unknown homeless test teststreet streetaddress address youraddress mystreet street test1
    enteraddress none nostreet noaddress fake fakestreet 123fakestreet 123fakest 123teststreet 123testst 1teststreet
    asdf qwerty whatever idk dontknow address1 streetname addressline1 abc abcstreet xyz home house mailing
    noneofyourbusiness testaddress testing fakeaddress""".split()
)
#: Pictures and arrows that telephones add.
_SYMBOLS = re.compile("[\u2190-\u2bff\ufe0f\U0001f000-\U0001faff]")
_ORDINAL = re.compile(r"\d+(?:ST|ND|RD|TH)", re.IGNORECASE)
_WITH_DIGIT = re.compile(r"[#\dA-Za-z/.-]*\d[#\dA-Za-z/.-]*")


def read_street(text: str, field: str = "street") -> Reading:
    """A street address: tidied, with its number, street, unit or box as parts. One without a number may be real."""
    plain = _PLAIN.fullmatch(text)
    if plain is not None and not any(map(_is_suspicious, plain[2].lower().split(" "))):
        # Most streets, quickly: nothing is left to tidy.
        number, street, unit = plain.groups()
        parts = {"number": number, "street": street} | ({"unit": unit} if unit else {})
        return accepted(text, _STREET, field, _NUMBERED, "a street address", parts)
    text = repaired(text)
    text = (text if text.isascii() else _SYMBOLS.sub("", text)).strip(' ,;.*"')
    fault = _fault(text)
    if fault is not None:
        return refused(_STREET, field, fault)
    whole = _WHOLE.fullmatch(text)
    if whole is not None and state_code(whole[2]) is not None and "," in text and any(map(str.isdigit, whole[1])):
        text = _before_city(text)
    value, parts = _tidied(text)
    for _ in range(3):
        # Marks in odd places leave others behind: until nothing changes any more.
        if "#" not in value and "." not in value:
            break
        value, parts = _tidied(value)
    numbered = "number" in parts or "box" in parts
    observed = _NUMBERED if numbered else "without a number"
    return accepted(value, _STREET, field, observed, "a street address", parts)


def _is_suspicious(word: str) -> bool:
    return word in _TRIALS or word in RUDE or (len(word) > 3 and is_mashed(word))


def _fault(text: str) -> str | None:
    if _ADDRESS.search(text):
        return _NO_ADDRESS
    letters = sum(map(str.isalpha, text))
    if len(text) > _LONGEST or letters < 2 or letters + sum(map(str.isdigit, text)) < 4 or "\ufffd" in text:
        return _EXPECTED
    plain = folded(text)
    joined = "".join(filter(str.isalnum, plain))
    if joined in _NOWHERE:
        return _MADE_UP
    words = re.findall(r"[a-z]+", plain)
    # With a number it may be a street all the same: there are rude ones.
    rude = not RUDE.isdisjoint(words) and not any(map(str.isdigit, text))
    return _MADE_UP if rude or any(len(word) > 3 and is_mashed(word) for word in words) else None


def _before_city(text: str) -> str:
    """The street of a whole address: what stands before `, Austin, TX 78701`."""
    pieces = [piece.strip() for piece in text.split(",")]
    pieces.pop()
    if len(pieces) > 1 and not any(map(str.isdigit, pieces[-1])):
        pieces.pop()
    return ", ".join(pieces)


def _tidied(text: str) -> tuple[str, dict[str, str]]:
    parts: dict[str, str] = {}
    box = _BOX.search(text)
    if box is not None:
        text = f"{text[: box.start()]}PO Box {text[box.end() :].lstrip(' #.:')}"
    units: list[str] = []

    def take(match: re.Match[str]) -> str:
        name = _UNITS[match[1].lower()] if match[1] else "#"
        number = match[2].upper()
        units.append(f"{name} {number}" if name != "#" else f"#{number}")
        return " "

    if "#" in text or _UNIT.search(text) is not None:
        text = _UNIT.sub(take, text)
    floor = _FLOOR.search(text)
    if floor is not None:
        units.append(f"Fl {floor[1]}")
        text = text[: floor.start()]
    words = [word for word in re.split(r"[\s,;]+", text) if word]
    words = [_cased(word.strip("."), rank) for rank, word in enumerate(words) if word.strip(".#")]
    _shorten(words)
    street = " ".join(words)
    number = _NUMBER.match(f"{street} ")
    found = re.search(r"PO Box (\S+)", street)
    if found is not None:
        parts["box"] = found[1]
    elif number is not None and len(words) > 1:
        parts["number"] = number[1]
        parts["street"] = street[number.end() :].strip() or street
    else:
        parts["street"] = street
    if units:
        parts["unit"] = " ".join(units)
        street = f"{street} {parts['unit']}"
    return street, parts


def _cased(word: str, rank: int) -> str:
    lower, upper = word.lower(), word.upper()
    if (lower in _DIRECTIONS and rank > 0) or (upper in _CAPITALS and word == upper):
        return upper if upper != "UNIT" else "Unit"
    if word == "PO" or word == "Box":
        return word
    if _ORDINAL.fullmatch(word):
        return lower
    if _WITH_DIGIT.fullmatch(word):
        return upper
    if lower in _SMALL and rank > 1:
        return lower
    if word not in (lower, upper):
        return word
    return cased(lower if len(word) > 2 else lower.capitalize())


def _shorten(words: list[str]) -> None:
    """`Street` to `St` where it ends the name; `Avenue of the Stars` and `Court St` keep theirs."""
    last = len(words) - 1
    while last > 1 and (words[last].lower() in _DIRECTIONS or words[last].lower() in _COMPASS):
        last -= 1
    if last > 0 and not (last == 1 and not words[0][:1].isdigit()) and words[last - 1] != "The":
        words[last] = _SUFFIXES.get(words[last].lower(), words[last])


_COMPASS = frozenset("north south east west northeast northwest southeast southwest".split())
