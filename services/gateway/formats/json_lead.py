"""The seller API's own JSON, flat or structured. Pure."""

from __future__ import annotations

from typing import Any

from services.gateway.assembly import Assembler
from services.gateway.formats.json_text import read_json, text_of
from services.gateway.posted import Fault, PostedLead, Unreadable

_SECTIONS = ("consent", "signals")


def parse(body: bytes, assembler: Assembler) -> PostedLead:
    """Read one lead.

    Raises:
        Unreadable: the text or a field of it cannot be read.
    """
    return from_value(read_json(body), assembler)


def from_value(value: Any, assembler: Assembler) -> PostedLead:
    """Make a lead of a decoded JSON object: structured where it has an object `lead`, else flat.

    Raises:
        Unreadable: not an object, or a field cannot be read.
    """
    if type(value) is not dict:
        raise Unreadable("A lead is a JSON object.", Fault("", "a JSON object"))
    inner = value.get("lead")
    if type(inner) is not dict:
        if inner is not None and "lead" in value:
            raise Unreadable("The lead cannot be read.", Fault("lead", "an object that holds the lead's fields"))
        assembler.add_all(_texts(value, ""))
        return assembler.lead()
    own_words = {name: part for name, part in value.items() if name != "lead" and name not in _SECTIONS}
    assembler.add_all(_texts(own_words, ""))
    for section in _SECTIONS:
        part = value.get(section)
        if type(part) is dict:
            assembler.add_all([(f"{section}.{name}", text) for name, text in _texts(part, f"{section}.")])
        elif part is not None:
            raise Unreadable("The lead cannot be read.", Fault(section, "an object"))
    assembler.add_all(_texts(inner, "lead."), inside_lead=True)
    return assembler.lead()


def _texts(values: dict[str, Any], path: str) -> list[tuple[str, str]]:
    """Name and plain text of each value; null means absent."""
    return [
        (name, value if type(value) is str else text_of(value, path + name))
        for name, value in values.items()
        if value is not None
    ]
