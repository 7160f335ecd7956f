"""A posted HTML form, `application/x-www-form-urlencoded`. Pure."""

from __future__ import annotations

from urllib.parse import parse_qsl, unquote_plus

from services.gateway.assembly import Assembler
from services.gateway.formats.json_text import not_utf8
from services.gateway.posted import FIELDS, Fault, Position, PostedLead, Unreadable

#: Fields and control words together.
_PAIRS = FIELDS + 50


def parse(body: bytes, assembler: Assembler, charset: str = "utf-8") -> PostedLead:
    """Read one lead from a form body (WHATWG URL standard, section 5.1).

    Args:
        body: the body; percent-escapes are read in `charset` too.
        assembler: where the fields go.
        charset: `utf-8`, `iso-8859-1` or `us-ascii`, as declared.

    Raises:
        Unreadable: not a form, not in its charset, a field twice, or a field that cannot be read.
    """
    try:
        text = body.decode(charset)
    except UnicodeDecodeError as error:
        if charset == "utf-8":
            raise not_utf8(body) from None
        raise Unreadable("The body is not in its charset.", position=Position.at(body, error.start)) from None
    try:
        pairs = parse_qsl(text, keep_blank_values=True, encoding=charset, errors="strict", max_num_fields=_PAIRS)
    except UnicodeDecodeError:
        raise Unreadable(f"A percent-escape is not {charset}.", _undecodable(text, charset)) from None
    except ValueError:
        raise Unreadable("The form has too many fields.", Fault("", f"at most {FIELDS} fields")) from None
    named = [(name.strip(), value) for name, value in pairs if name or value]
    seen: set[str] = set()
    for name, _ in named:
        if name in seen:
            raise Unreadable(
                "The form holds a field twice.", Fault(name[:100] if name.isprintable() else "", "each field once")
            )
        seen.add(name)
    if not named:
        raise Unreadable("The form is empty.", Fault("", "a form with the lead's fields"))
    assembler.add_all(named)
    return assembler.lead()


def _undecodable(text: str, charset: str) -> Fault:
    """The first field whose escapes are not in the charset."""
    for pair in text.split("&"):
        name, _, value = pair.partition("=")
        try:
            name = unquote_plus(name, charset, "strict")
            unquote_plus(value, charset, "strict")
        except UnicodeDecodeError:
            return Fault(name[:100] if name.isascii() and name.isprintable() else "", f"percent-escapes of {charset}")
    return Fault("", f"percent-escapes of {charset}")
