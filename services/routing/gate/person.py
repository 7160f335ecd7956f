"""Whom a contact is with, as intake tells it at this moment. Personal data: in no repr, never kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """What the person agreed to.

    Attributes:
        captured_at: when; None: not told.
        text: what the person saw.
        phone: the number that it was given for, E.164; empty: the lead's own.
        disclosure: the approved wording that the text is; empty: none.
        certificate: a certificate of consent; empty: none.
    """

    captured_at: datetime | None = None
    text: str = field(default="", repr=False)
    phone: str = field(default="", repr=False)
    disclosure: str = ""
    certificate: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A bought lead's person, with what the gate and those who write to people need to know."""

    lead_id: UUID
    #: The order that bought it, at its version, its seller and source.
    order: str = ""
    order_version: int = 0
    seller: str = ""
    source: str = ""
    decided_at: datetime
    first_name: str = field(default="", repr=False)
    last_name: str = field(default="", repr=False)
    #: Canonical.
    email: str = field(default="", repr=False)
    #: E.164.
    phone: str = field(default="", repr=False)
    street: str = field(default="", repr=False)
    city: str = field(default="", repr=False)
    #: USPS code.
    state: str = field(default="", repr=False)
    postal_code: str = field(default="", repr=False)
    #: The lead's other fields, canonical, without sensitive ones.
    fields: Mapping[str, str] = field(default_factory=dict, repr=False)
    #: `long` or `short`; `exclusive` or `shared`; `single`, `double` or `none`.
    form: str = ""
    exclusivity: str = ""
    opt_in: str = ""
    incentivized: bool = False
    #: The buyer's own site collected it.
    own: bool = False
    #: None: nothing was recorded.
    consent: Consent | None = None
    price_minor: int = 0
    currency: str = ""
    #: Nobody is ever contacted.
    test: bool = False

    @property
    def shared(self) -> bool:
        """Others bought the person as well, or may have: whatever is not said to be exclusive."""
        return self.exclusivity != "exclusive"
