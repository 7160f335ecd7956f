"""The one registry of field types, and the readers that decisions make of it.

A new type is one entry in `FIELD_TYPES`; `leadline field`, products of the catalog
and decisions know it from then on.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from functools import partial

from services.validation.fieldtypes.certificate import certificate_reader
from services.validation.fieldtypes.choice import boolean_reader, choice_reader, gender_reader
from services.validation.fieldtypes.city import city_reader
from services.validation.fieldtypes.email import EmailReader
from services.validation.fieldtypes.fieldtype import Context, FieldType, Reader
from services.validation.fieldtypes.ip import ip_reader
from services.validation.fieldtypes.moment import moment_reader
from services.validation.fieldtypes.name import Kind as NameKind
from services.validation.fieldtypes.name import read_name
from services.validation.fieldtypes.number import Kind, number_reader
from services.validation.fieldtypes.phone import PhoneReader
from services.validation.fieldtypes.place import read_state, zip_reader
from services.validation.fieldtypes.span import range_reader
from services.validation.fieldtypes.ssn import ssn_reader
from services.validation.fieldtypes.street import read_street
from services.validation.fieldtypes.url import url_reader
from services.validation.fieldtypes.when import birth_reader, date_reader
from services.validation.lists.reference import Reference
from services.validation.orders import leadtype
from services.validation.verdict import MISSING, Reading, accepted
from shared.catalog.terms import ProductField

_TEXT = "field.readable"
_FORMS = ("long", "short")
_FORM_WORDS = {"longform": "long", "shortform": "short"}


def _text(context: Context) -> Reader:
    return partial(accepted, rule=_TEXT, field_name=context.field, observed="text", expected="text")


def _name(kind: NameKind, context: Context) -> Reader:
    return partial(read_name, context.field, kind=kind)


def _number(kind: Kind, context: Context) -> Reader:
    return number_reader(context.field, kind, context.minimum, context.maximum)


_TYPES = (
    FieldType("phone", "a phone number: ten digits for the United States, or + and the country code",
              lambda context: PhoneReader(context.reference.area_states, context.field), remember=0),
    FieldType("email", "an e-mail address such as name@provider.com",
              lambda context: EmailReader(context.reference, context.field), remember=0),
    FieldType("first_name", "a person's first name", partial(_name, "first_name"), remember=8192, tells_missing=True),
    FieldType("last_name", "a person's last name", partial(_name, "last_name"), remember=8192, tells_missing=True),
    FieldType("full_name", "a person's first and last name", partial(_name, "full_name"), remember=0,
              tells_missing=True),
    FieldType("street", "a street address such as 12 Main St Apt 4",
              lambda context: partial(read_street, field=context.field), remember=0),
    FieldType("city", "a city's name", lambda context: city_reader(context.reference.zips, context.field),
              remember=8192),
    FieldType("state", "a US state, territory or military region by its name or USPS code",
              lambda context: partial(read_state, field=context.field)),
    FieldType("postal_code", "a ZIP code of five digits, or ZIP+4",
              lambda context: zip_reader(context.reference.zips, context.field)),
    FieldType("date", "a date such as 1980-12-31 or 12/31/1980",
              lambda context: date_reader(context.field, context.today)),
    FieldType("date_of_birth", "a date of birth such as 1980-12-31 or 12/31/1980",
              lambda context: birth_reader(context.field, context.today)),
    FieldType("boolean", "yes or no", lambda context: boolean_reader(context.field)),
    FieldType("integer", "a whole number", partial(_number, "integer")),
    FieldType("number", "a number", partial(_number, "number")),
    FieldType("money", "an amount in dollars", partial(_number, "money")),
    FieldType("range", "a range such as 20000-25000, under 5000 or 100000+",
              lambda context: range_reader(context.field, context.minimum, context.maximum)),
    FieldType("gender", "male, female, nonbinary, other or undisclosed", lambda context: gender_reader(context.field)),
    FieldType("ip", "an IP address", lambda context: ip_reader(context.field), remember=0),
    FieldType("url", "a web address such as https://www.example.com/page",
              lambda context: url_reader(context.field, context.reference.top_level_domains)),
    FieldType("ssn", "a Social Security number", lambda context: ssn_reader(context.field), sensitive=True, remember=0),
    FieldType("certificate_url", "a TrustedForm certificate URL or a Jornaya LeadiD",
              lambda context: certificate_reader(context.field), remember=0),
    FieldType("choice", "one of the listed values",
              lambda context: choice_reader(context.field, context.choices, context.also),
              tells_missing=True),
    FieldType("text", "any text", _text),
)  # fmt: skip

#: Not a type of its own: only the time at which an opt-in was confirmed is read so.
_MOMENT = FieldType("moment", "a time", lambda context: moment_reader(context.field), remember=0)

#: Every type of fields by its name.
FIELD_TYPES: Mapping[str, FieldType] = {kind.name: kind for kind in _TYPES}
#: Types that are read as of a day.
_DATED = frozenset({"date", "date_of_birth"})
#: Other names of types, as forms and posting documents call them.
_ALSO = {
    "zip": "postal_code", "zip_code": "postal_code", "zipcode": "postal_code", "postcode": "postal_code",
    "dob": "date_of_birth", "birth_date": "date_of_birth", "birthday": "date_of_birth", "e_mail": "email",
    "telephone": "phone", "name": "full_name", "address": "street", "bool": "boolean", "ip_address": "ip",
    "certificate": "certificate_url", "trustedform_url": "certificate_url", "string": "text",
}  # fmt: skip


def field_type(name: str) -> FieldType | None:
    """The type that a person names; None: there is none of that name."""
    name = "_".join(name.casefold().replace("-", " ").replace("_", " ").split())
    return FIELD_TYPES.get(_ALSO.get(name, name))


def standard_readers(reference: Reference) -> dict[str, Reader]:
    """Readers of the fields that every product has."""
    named = (
        "first_name", "last_name", "full_name", "email", "phone", "street", "city", "state", "postal_code",
        "date_of_birth",
    )  # fmt: skip
    readers = {name: FIELD_TYPES[name].reader(Context(reference, name)) for name in named}
    choice, boolean = FIELD_TYPES["choice"], FIELD_TYPES["boolean"]
    readers["form"] = choice.reader(Context(reference, "form", _FORMS, _FORM_WORDS))
    readers["exclusivity"] = choice.reader(
        Context(reference, "exclusivity", leadtype.EXCLUSIVITIES, leadtype.EXCLUSIVITY_WORDS)
    )
    readers["opt_in_confirmed_at"] = _MOMENT.reader(Context(reference, "opt_in_confirmed_at"))
    readers["opt_in"] = choice.reader(Context(reference, "opt_in", leadtype.OPT_INS, leadtype.OPT_IN_WORDS))
    readers["incentivized"] = boolean.reader(Context(reference, "incentivized"))
    return readers


def product_reader(spec: ProductField, reference: Reference) -> Reader:
    """The reader of one question of a product's form, by its type."""
    also = {word: synonym.choice for synonym in spec.synonyms for word in synonym.words}
    context = Context(reference, spec.name, spec.choices, also, minimum=spec.minimum, maximum=spec.maximum)
    return FIELD_TYPES[spec.type].reader(context)


def dated_readers(specs: Iterable[ProductField], reference: Reference, today: date) -> dict[str, Reader]:
    """Readers of the dates among the standard fields and these, for leads that came on one day.

    A two-digit year and an age mean something on a day only.
    """
    types = {spec.name: spec.type for spec in specs if spec.type in _DATED} | {"date_of_birth": "date_of_birth"}
    return {name: FIELD_TYPES[kind].reader(Context(reference, name, today=today)) for name, kind in types.items()}


def read_all(
    raw: Mapping[str, str], readers: Mapping[str, Reader]
) -> tuple[dict[str, str], dict[str, Reading], list[str]]:
    """Canonical values, every reading that had something to say, and the names that nobody knows, sorted.

    In the sequence of the readers: that in which a message holds its fields is another in every process.
    """
    values: dict[str, str] = {}
    readings: dict[str, Reading] = {}
    for name, reader in readers.items():
        text = raw.get(name)
        if text is None:
            continue
        reading = reader(text)
        if reading is not MISSING:
            readings[name] = reading
            if reading.value is not None:
                values[name] = reading.value
    return values, readings, sorted(raw.keys() - readers.keys())
