"""The words that terms are made of: what names, times and kinds look like."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

Slug = Annotated[
    str, Meta(pattern=r"^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$", description="a lower-case name with hyphens")
]
FieldName = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]{0,63}$", description="a lower-case name with underscores")]
StateCode = Annotated[str, Meta(pattern=r"^[A-Z]{2}$", description="a USPS code")]
Positive = Annotated[int, Meta(ge=1)]
NonNegative = Annotated[int, Meta(ge=0)]
TimeOfDay = Annotated[str, Meta(pattern=r"^([01]\d|2[0-3]):[0-5]\d$", description="HH:MM")]
EndOfDay = Annotated[str, Meta(pattern=r"^(([01]\d|2[0-3]):[0-5]\d|24:00)$", description="HH:MM or 24:00")]
Text = Annotated[str, Meta(min_length=1, max_length=4000)]

#: What a product's field may hold; validation's registry of field types says how each is read.
FieldType = Literal[
    "text", "integer", "number", "money", "boolean", "date", "choice", "range", "gender", "ip", "url", "ssn",
    "certificate_url", "date_of_birth", "phone", "email", "first_name", "last_name", "full_name", "street", "city",
    "state", "postal_code",
]  # fmt: skip
PhoneNumber = Annotated[
    str, Meta(pattern=r"^(?:\+[1-9][0-9]{6,14})?$", description="a phone number in E.164, such as +18005550100")
]
FormKind = Literal["long", "short"]
#: Kinds of line that can be told apart, outside North America; there numbers move between them with their owner.
PhoneType = Literal["mobile", "fixed_line", "voip"]
OptIn = Literal["single", "double", "none"]
Exclusivity = Literal["exclusive", "shared"]
OrderState = Literal["draft", "active", "paused", "ended"]
WindowKind = Literal["hour", "day", "week", "month", "total"]
ConsentPart = Literal["captured_at", "page_url", "ip", "phone"]
#: Networks that are no consumer's: machine rooms, search engines and the like, exits of Tor.
NetworkKind = Literal["data_centre", "crawler", "tor"]
HolidayCalendar = Literal["none", "us-federal"]
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


class Term(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Base of all terms: immutable.

    A snapshot may carry words that a later release added, so an unknown word is
    skipped here; the catalog file's reader refuses it instead, with its line.
    """
