"""ADF 1.0, the auto trade's lead XML. Pure.

Source: Auto-lead Data Format 1.0 (2000), adfxml.info. ADF knows no consent, no order
and no product beyond the vehicle, so a prospect may carry one element of ours,
`<leadline>`, described on /docs.
"""

from __future__ import annotations

import re
from xml.etree.ElementTree import Element, ParseError
from xml.parsers.expat import ErrorString

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from services.gateway.assembly import Assembler
from services.gateway.posted import FIELDS, Fault, Position, PostedLead, Unreadable

#: Deepest nesting of elements; ADF itself needs seven.
DEPTH = 16

_CHARSETS = {"utf-8": "utf-8", "utf8": "utf-8", "us-ascii": "us-ascii", "ascii": "us-ascii", "iso-8859-1": "iso-8859-1"}
_DECLARATION = re.compile(rb"^\s*<\?xml\b[^>]*?\bencoding\s*=\s*[\"']([A-Za-z0-9._:-]{1,40})[\"'][^>]*\?>")
_ANY_DECLARATION = re.compile(r"^\s*<\?xml\b[^>]*\?>")

# Path below `prospect`, with what tells repeated elements apart in brackets.
_FIELDS = {
    "customer.contact.name[first]": "first_name",
    "customer.contact.name[last]": "last_name",
    "customer.contact.name[full]": "full_name",
    "customer.contact.name": "full_name",
    "customer.contact.email": "email",
    "customer.contact.phone": "phone",
    "customer.contact.phone[voice]": "phone",
    "customer.contact.phone[cellphone]": "mobile",
    "customer.contact.address.city": "city",
    "customer.contact.address.regioncode": "state",
    "customer.contact.address.postalcode": "postal_code",
    "customer.contact.address.country": "country",
    "vehicle.year": "vehicle_year",
    "vehicle.make": "vehicle_make",
    "vehicle.model": "vehicle_model",
    "vehicle.trim": "vehicle_trim",
    "vehicle.vin": "vin",
    "vehicle.finance.amount": "loan_amount",
    "vehicle.finance.amount[total]": "loan_amount",
    "vehicle.finance.amount[downpayment]": "down_payment",
    "vehicle.finance.amount[monthly]": "monthly_payment",
    "vehicle.finance.method": "finance_method",
    "customer.timeframe.description": "timeframe",
    "customer.comments": "comments",
}
_STREET = re.compile(r"customer\.contact\.address\.(street(\[\d\])?|apartment)")
_TELLS_APART = {"name": "part", "phone": "type", "amount": "type", "street": "line", "vehicle": "interest"}
_PLAIN = frozenset({"buy", "lease", "test-drive"})


def parse(body: bytes, assembler: Assembler, charset: str = "") -> PostedLead:
    """Read one prospect.

    Args:
        body: the document.
        assembler: where the fields go.
        charset: as the request declares it; empty: as the document declares it, else UTF-8.

    Raises:
        Unreadable: malformed XML, a DTD or an entity, a charset not accepted, or not exactly one prospect.
    """
    root = _read(_decode(body, charset), body)
    prospects = [root] if _tag(root) == "prospect" else [part for part in root if _tag(part) == "prospect"]
    if _tag(root) not in ("adf", "prospect") or len(prospects) != 1:
        raise Unreadable("The document is not one ADF lead.", Fault("adf.prospect", "exactly one prospect in <adf>"))
    return _Prospect(assembler).read(prospects[0])


def _decode(body: bytes, charset: str) -> str:
    declared = _DECLARATION.match(body)
    name = charset or (declared[1].decode("ascii").lower() if declared else "utf-8")
    codec = _CHARSETS.get(name)
    if codec is None:
        raise Unreadable("The document's charset is not accepted.", Fault("encoding", "utf-8, us-ascii or iso-8859-1"))
    try:
        text = body.decode(codec)
    except UnicodeDecodeError as error:
        raise Unreadable(f"The document is not {codec}.", position=Position.at(body, error.start)) from None
    return text.removeprefix("\ufeff")


def _read(text: str, body: bytes) -> Element[str]:
    # The parser must not be told another charset again; blanks keep the columns right.
    text = _ANY_DECLARATION.sub(lambda found: re.sub(r"[^\n]", " ", found[0]), text).lstrip("\r\n\t ") or " "
    skipped = body.count(b"\n") - text.count("\n")
    try:
        root: Element[str] = fromstring(text, forbid_dtd=True, forbid_entities=True, forbid_external=True)
    except DefusedXmlException:
        raise Unreadable("A document type or an entity is not accepted.", Fault("", "XML without a DTD")) from None
    except ParseError as error:
        line, column = error.position
        raise Unreadable(
            f"The XML is malformed: {ErrorString(error.code)}.", position=_place(body, line + max(0, skipped), column)
        ) from None
    except (ValueError, LookupError):
        raise Unreadable("The XML is malformed.") from None
    return root


def _place(body: bytes, line: int, column: int) -> Position:
    """The place of a character, given its line from 1 and its column from 0."""
    at = 0
    for _ in range(line - 1):
        at = body.find(b"\n", at) + 1
    try:
        before = body[at:].decode()[:column].encode()
    except UnicodeDecodeError:
        # Not UTF-8, so one of the charsets that have a byte for each character.
        before = body[at : at + column]
    return Position(line=line, column=column + 1, byte=at + len(before))


def _tag(element: Element[str]) -> str:
    """The element's name, without namespace. The reader leaves out comments and instructions."""
    return element.tag.rpartition("}")[2].lower()


class _Prospect:
    """Walks one prospect and names what it finds."""

    def __init__(self, assembler: Assembler) -> None:
        self._assembler = assembler
        self._found: dict[str, str] = {}
        self._street: list[str] = []
        self._primary_vehicle_seen = False

    def read(self, prospect: Element[str]) -> PostedLead:
        """The lead."""
        site = name = ""
        for part in prospect:
            tag = _tag(part)
            if tag == "leadline":
                self._extension(part)
            elif tag == "id":
                self._assembler.control("external_id", _text(part))
                name = name or part.get("source", "").strip()
            elif tag == "requestdate":
                self._assembler.control("submitted_at", _text(part))
            elif tag == "provider":
                site = next((_text(inner) for inner in part if _tag(inner) == "url"), "")
                name = next((_text(inner) for inner in part if _tag(inner) == "name"), "") or name
            else:
                self._walk(part, "", DEPTH)
        self._assembler.control("source", site or name)
        if self._street:
            self._found["street"] = " ".join(self._street)
        self._assembler.add_all(self._found.items(), inside_lead=True)
        return self._assembler.lead()

    def _walk(self, element: Element[str], path: str, depth: int) -> None:
        if depth == 0 or len(self._found) > FIELDS:
            raise Unreadable("The document is too large.", Fault("", f"at most {FIELDS} fields, {DEPTH} levels"))
        path = self._step(element, path)
        text = _text(element)
        if text:
            self._keep(path, text)
        for part in element:
            if _tag(part):
                self._walk(part, path, depth - 1)

    def _step(self, element: Element[str], path: str) -> str:
        tag = _tag(element)
        mark = element.get(_TELLS_APART[tag], "").strip().lower() if tag in _TELLS_APART else ""
        if tag == "vehicle" and mark in _PLAIN | {""}:
            mark = "second" if self._primary_vehicle_seen else ""
            self._primary_vehicle_seen = True
        step = f"{tag}[{mark}]" if mark else tag
        return f"{path}.{step}" if path else step

    def _keep(self, path: str, text: str) -> None:
        if _STREET.fullmatch(path):
            self._street.append(text)
            return
        name = _FIELDS.get(path, path)
        if name in self._found and self._found[name] != text:
            name = path if name != path else f"{path}#{len(self._found)}"
        self._found[name] = text

    def _extension(self, ours: Element[str]) -> None:
        for word in ("order", "sub_source", "test"):
            self._assembler.control(word, ours.get(word, ""))
        for part in ours:
            tag = _tag(part)
            if tag in ("consent", "signals"):
                self._assembler.add_all(
                    [(f"{tag}.{_tag(inner)}", _text(inner)) for inner in part if _tag(inner) and _text(inner)]
                )
            elif tag == "field":
                self._keep(part.get("name", "").strip(), _text(part))
            elif tag:
                raise Unreadable("The document cannot be read.", Fault("leadline", "consent, signals and field"))


def _text(element: Element[str]) -> str:
    return (element.text or "").strip()
