"""One reader per field: raw text in, canonical value or a reason out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache, partial

from services.validation.fieldtypes.email import email_reader
from services.validation.fieldtypes.name import cased, read_name
from services.validation.fieldtypes.number import boolean_reader, choice_reader, number_reader
from services.validation.fieldtypes.phone import read_phone
from services.validation.fieldtypes.place import read_state, zip_reader
from services.validation.fieldtypes.text import LONGEST, is_missing, tidy
from services.validation.fieldtypes.when import date_reader
from services.validation.lists.reference import Reference
from services.validation.orders import leadtype
from services.validation.verdict import MISSING, Reading, accepted, refused
from shared.catalog.terms import ProductField

#: Raw text of a field → its reading. Never raises.
Reader = Callable[[str], Reading]

_TEXT = "field.readable"
_FORMS = ("long", "short")


def standard_readers(reference: Reference) -> dict[str, Reader]:
    """Readers of the fields that every product has."""
    return {
        "first_name": _named("first_name"),
        "last_name": _named("last_name"),
        "full_name": _named("full_name", remember=0),
        "email": _bounded("email", _present(email_reader(reference.throwaway_domains))),
        "phone": _bounded("phone", _present(read_phone)),
        "street": _bounded("street", _present(_text_reader("street"))),
        "city": _remembering("city", _present(_city)),
        "state": _remembering("state", _present(read_state)),
        "postal_code": _remembering("postal_code", _present(zip_reader(reference.zips))),
        "date_of_birth": _remembering("date_of_birth", _present(date_reader("date_of_birth"))),
        "form": _remembering("form", choice_reader("form", _FORMS, {"longform": "long", "shortform": "short"})),
        "opt_in": _remembering("opt_in", choice_reader("opt_in", leadtype.OPT_INS, leadtype.OPT_IN_WORDS)),
        "incentivized": _remembering("incentivized", _present(boolean_reader("incentivized"))),
    }


def product_reader(spec: ProductField) -> Reader:
    """The reader of one question of a product's form, by its type."""
    match spec.type:
        case "integer" | "number" | "money":
            return _remembering(spec.name, _present(number_reader(spec)))
        case "boolean":
            return _remembering(spec.name, _present(boolean_reader(spec.name)))
        case "date":
            return _remembering(spec.name, _present(date_reader(spec.name)))
        case "choice":
            return _remembering(spec.name, choice_reader(spec.name, spec.choices))
        case "text":
            return _remembering(spec.name, _present(_text_reader(spec.name)))


def read_all(
    raw: Mapping[str, str], readers: Mapping[str, Reader]
) -> tuple[dict[str, str], dict[str, Reading], list[str]]:
    """Canonical values, every reading that had something to say, and the names that nobody knows, sorted."""
    values: dict[str, str] = {}
    readings: dict[str, Reading] = {}
    unknown: list[str] = []
    for name, text in raw.items():
        reader = readers.get(name)
        if reader is None:
            unknown.append(name)
            continue
        reading = reader(text)
        if reading is not MISSING:
            readings[name] = reading
            if reading.value is not None:
                values[name] = reading.value
    unknown.sort()
    return values, readings, unknown


def _present(read: Reader) -> Reader:
    def read_present(text: str) -> Reading:
        text = tidy(text)
        return MISSING if is_missing(text) else read(text)

    return read_present


def _named(field: str, *, remember: int = 8192) -> Reader:
    def read(text: str) -> Reading:
        return read_name(field, tidy(text))

    return _remembering(field, read, keep=remember) if remember else _bounded(field, read)


def _remembering(field: str, read: Reader, *, keep: int = 2048) -> Reader:
    """Remembers answers: most fields take few values."""
    return _bounded(field, lru_cache(maxsize=keep)(read))


def _bounded(field: str, read: Reader) -> Reader:
    too_long = refused("field.length", field, f"Expected at most {LONGEST} characters.", observed="too long")

    def read_bounded(text: str) -> Reading:
        return read(text) if len(text) <= LONGEST else too_long

    return read_bounded


def _text_reader(field: str) -> Reader:
    return partial(accepted, rule=_TEXT, field_name=field, observed="text", expected="text")


def _city(text: str) -> Reading:
    return accepted(cased(text), _TEXT, "city", "text", "text")
