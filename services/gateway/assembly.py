"""From named values, as any format yields them, to one `PostedLead`. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime

from services.gateway.aliases import CONTROLS, meaning
from services.gateway.posted import (
    FIELDS,
    VALUE_BYTES,
    Fault,
    PostedConsent,
    PostedLead,
    PostedSignals,
    Unreadable,
)

#: A text of so many characters has no more than VALUE_BYTES in UTF-8, whatever they are.
_SURELY_SHORT = VALUE_BYTES // 4
#: No control word's limit is below this.
_SHORT_CONTROL = 16

#: Control words that are counts.
_COUNTS = ("signals.keystrokes", "signals.pastes", "signals.autofills", "signals.pointer_events")
#: Lengths of control words, in characters; the rest may be as long as any value.
_LENGTHS = {
    "order": 63,
    "source": 2048,
    "sub_source": 256,
    "external_id": 256,
    "idempotency_key": 256,
    "access_key": 256,
    "bid_token": 1024,
    "submitted_at": 64,
    "test": 16,
    "consent.ip": 64,
    "consent.captured_at": 64,
    "consent.phone": 64,
    "consent.shown_at": 64,
    "signals.seconds_on_form": 32,
    "signals.device_id": 512,
    **dict.fromkeys(_COUNTS, 32),
}
#: Inside a structured lead these words are ordinary fields: the post has its own place for them.
_OUTSIDE_LEAD = frozenset({"order", "source", "sub_source", "external_id", "idempotency_key", "submitted_at", "test"})
_CONSENT_WORDS = frozenset(word for word in CONTROLS if word.startswith("consent."))
_SIGNAL_WORDS = frozenset(word for word in CONTROLS if word.startswith("signals."))
_TIME = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?) ?(?:([Zz])|([+-])(\d{1,2}):?(\d\d))", re.ASCII
)
_SECONDS = re.compile(r"\d{1,9}(?:\.\d{1,9})?", re.ASCII)
_COUNT = re.compile(r"\d{1,9}(?:\.0{1,9})?", re.ASCII)
_TRUE = frozenset({"true", "1", "yes", "y", "on"})
_FALSE = frozenset({"false", "0", "no", "n", "off", ""})

TIME_EXPECTED = "an RFC 3339 time with its offset, such as 2026-11-22T10:00:00Z, in the years 2000 to 2099"


def read_time(text: str) -> datetime | None:
    """Read an RFC 3339 time (section 5.6); a one-digit offset hour and a missing colon, common in ADF, are let pass.

    None where it is no such time or outside the years 2000 to 2099.
    """
    match = _TIME.fullmatch(text.strip())
    if match is None:
        return None
    date, clock, zulu, sign, hours, minutes = match.groups()
    offset = "+00:00" if zulu else f"{sign}{int(hours):02d}:{minutes}"
    try:
        moment = datetime.fromisoformat(f"{date}T{clock}{offset}")
    except ValueError:
        return None
    return moment.astimezone(UTC) if 2000 <= moment.year <= 2099 else None


class Assembler:
    """Takes named values and makes a lead of them; tells all faults at once.

    Where two spellings of one thing differ in content, the canonical spelling wins,
    then the first; the other is kept as a field under its own name, so nothing is lost.
    """

    def __init__(self, idempotency_key: str = "") -> None:
        self._fields: dict[str, str] = {}
        self._controls: dict[str, str] = {}
        self._spelled: dict[str, str] = {}
        self._aliases: list[tuple[dict[str, str], str, str, str]] = []
        self._faults: list[Fault] = []
        if idempotency_key:
            self._controls["idempotency_key"] = idempotency_key

    def fault(self, field: str, expected: str) -> None:
        """Note that a field cannot be used."""
        self._faults.append(Fault(field, expected))

    def control(self, word: str, value: str) -> None:
        """Set a control word that the format has a place of its own for, unless it is set already."""
        if value:
            self._controls.setdefault(word, value)

    def add_all(self, values: Iterable[tuple[str, str]], inside_lead: bool = False) -> None:
        """Add values by whatever name the seller gave them.

        Args:
            values: names and texts, each name once.
            inside_lead: the names stand in the lead's own object, where words such as
                `source` are fields and only consent and signals have aliases.
        """
        fields, controls = self._fields, self._controls
        for name, value in values:
            if len(value) > _SURELY_SHORT and len(value.encode()) > VALUE_BYTES:
                self.fault(name, f"at most {VALUE_BYTES} bytes")
                continue
            if "\0" in value:
                self.fault(name, "text without NUL characters")
                continue
            word, field = meaning(name)
            if word and not (inside_lead and word in _OUTSIDE_LEAD):
                place, target = controls, word
            else:
                place, target = fields, field
            if target != name:
                self._aliases.append((place, target, name, value))
            elif place.setdefault(name, value) != value and name != "idempotency_key":
                self.fault(name, "one value: another was given in the address or elsewhere in the body")

    def _settle_aliases(self) -> None:
        for place, target, name, value in self._aliases:
            if place.setdefault(target, value) != value:
                if target != "access_key" and self._fields.setdefault(name, value) != value:
                    self.fault(name, "one value: another was given elsewhere in the body")
            elif place is self._fields:
                self._spelled.setdefault(target, name)

    def lead(self) -> PostedLead:
        """The lead.

        Raises:
            Unreadable: with every fault found.
        """
        self._settle_aliases()
        controls = self._controls
        lead = PostedLead(fields=self._fields, spelled=self._spelled)
        if len(self._fields) > FIELDS:
            self.fault("", f"at most {FIELDS} fields")
        for word, value in controls.items():
            if len(value) > _SHORT_CONTROL and len(value) > _LENGTHS.get(word, VALUE_BYTES):
                self.fault(word, f"at most {_LENGTHS[word]} characters")
        get = controls.get
        lead.order = get("order", "").strip()
        lead.source = get("source", "").strip()
        lead.sub_source = get("sub_source", "")
        lead.external_id = get("external_id", "")
        lead.idempotency_key = get("idempotency_key", "")
        lead.access_key = get("access_key", "")
        lead.bid_token = get("bid_token", "").strip()
        lead.submitted_at = self._time("submitted_at")
        lead.test = self._truth("test")
        if not _CONSENT_WORDS.isdisjoint(controls):
            lead.consent = self._consent()
        if not _SIGNAL_WORDS.isdisjoint(controls):
            lead.signals = self._signals()
        if self._faults:
            raise Unreadable("The lead cannot be read.", *self._faults)
        return lead

    def _consent(self) -> PostedConsent:
        get = self._controls.get
        return PostedConsent(
            text=get("consent.text", ""),
            captured_at=self._time("consent.captured_at"),
            ip=get("consent.ip", "").strip(),
            page_url=get("consent.page_url", "").strip(),
            certificate=get("consent.certificate", "").strip(),
            phone=get("consent.phone", "").strip(),
            shown_at=self._time("consent.shown_at"),
        )

    def _signals(self) -> PostedSignals:
        get = self._controls.get
        signals = PostedSignals(
            user_agent=get("signals.user_agent", ""),
            honeypot=get("signals.honeypot"),
            device_id=get("signals.device_id", "").strip(),
        )
        seconds = get("signals.seconds_on_form", "").strip()
        if _SECONDS.fullmatch(seconds):
            signals.seconds_on_form = float(seconds)
        elif seconds:
            self.fault("signals.seconds_on_form", "seconds as a number of zero or more")
        for word in _COUNTS:
            count = self._told(word)
            if _COUNT.fullmatch(count):
                signals.counts[word.removeprefix("signals.")] = int(count.partition(".")[0])
            elif count:
                self.fault(word, "a whole number of zero or more")
        if self._told("signals.webdriver"):
            signals.webdriver = self._truth("signals.webdriver")
        return signals

    def _told(self, word: str) -> str:
        """What a form's script found out; scripts write so where they found nothing."""
        text = self._controls.get(word, "").strip()
        return "" if text.lower() in ("undefined", "null", "nan") else text

    def _time(self, word: str) -> datetime | None:
        text = self._controls.get(word, "")
        if not text.strip():
            return None
        moment = read_time(text)
        if moment is None:
            self.fault(word, TIME_EXPECTED)
        return moment

    def _truth(self, word: str) -> bool:
        text = self._controls.get(word)
        if text is None:
            return False
        text = text.strip().lower()
        if text in _TRUE:
            return True
        if text not in _FALSE:
            self.fault(word, "true or false")
        return False
