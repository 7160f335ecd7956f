"""A lead as it was posted, in one shape whatever the format was, and what makes a post unreadable. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

#: Most bytes of the body of a single lead.
BODY_BYTES = 256 * 1024
#: Most fields of one lead, control words not counted.
FIELDS = 200
#: Most UTF-8 bytes of one value.
VALUE_BYTES = 8 * 1024
#: Fewest characters of an access key; a shorter text is none.
KEY_LEAST = 8
#: Most characters of a field's name.
NAME_CHARACTERS = 100


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with one field: its path as the seller spells it, and what was expected. Never the value."""

    field: str
    expected: str


@dataclass(frozen=True, slots=True)
class Position:
    """A place in the body: line and column count characters from 1, `byte` counts bytes from 0."""

    line: int
    column: int
    byte: int

    @classmethod
    def at(cls, body: bytes, byte: int) -> Position:
        """The place of one byte of `body`; a byte beyond the end means its end."""
        before = body[: max(0, byte)]
        line_start = before.rfind(b"\n") + 1
        column = len(before[line_start:].decode("utf-8", "replace")) + 1
        return cls(line=before.count(b"\n") + 1, column=column, byte=len(before))


class Unreadable(Exception):  # noqa: N818 - reads as what it says
    """The post's shape is wrong, so no lead can be read from it (HTTP 400)."""

    def __init__(self, detail: str, *faults: Fault, position: Position | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.faults = faults
        self.position = position


@dataclass(slots=True)
class PostedConsent:
    """What the consumer agreed to, as the seller recorded it; empty text where not told."""

    text: str = ""
    captured_at: datetime | None = None
    ip: str = ""
    page_url: str = ""
    certificate: str = ""
    phone: str = ""
    shown_at: datetime | None = None


@dataclass(slots=True)
class PostedSignals:
    """How the form was filled in; None where the form does not tell."""

    user_agent: str = ""
    seconds_on_form: float | None = None
    honeypot: str | None = None
    #: Counts by their control word without `signals.`; only those that were told.
    counts: dict[str, int] = field(default_factory=dict)
    device_id: str = ""
    webdriver: bool | None = None


@dataclass(slots=True)
class PostedLead:
    """One lead. `fields` is keyed by canonical names, values exactly as sent."""

    fields: dict[str, str] = field(repr=False)
    order: str = ""
    source: str = ""
    sub_source: str = ""
    external_id: str = ""
    idempotency_key: str = field(default="", repr=False)
    #: Of the bid that it takes up.
    bid_token: str = field(default="", repr=False)
    submitted_at: datetime | None = None
    test: bool = False
    consent: PostedConsent | None = field(default=None, repr=False)
    signals: PostedSignals | None = field(default=None, repr=False)
    #: The access key where the body carried it; never part of `fields`.
    access_key: str = field(default="", repr=False)
    #: Canonical name to the seller's spelling, only where they differ.
    spelled: dict[str, str] = field(default_factory=dict)
