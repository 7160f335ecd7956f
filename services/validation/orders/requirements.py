"""An order's other terms: fields that must be there, where the person lives, how old the lead may be."""

from __future__ import annotations

from collections.abc import Container, Mapping

from services.validation.consent.record import CLOCK_SKEW
from services.validation.verdict import Finding, Notes
from shared.catalog.terms import Geography

_FIELDS, _STATE, _ZIP, _AGE = "order.required_fields", "order.states", "order.postal_codes", "order.lead_age"


def judge_required(required: tuple[str, ...], given: Container[str], invalid: Container[str], notes: Notes) -> set[str]:
    """Names the required fields that are missing, and returns them; one that came unreadable has said so itself."""
    missing = [name for name in required if name not in given and name not in invalid]
    for name in missing:
        finding = Finding("field_missing", name, f"Expected {name}, which this order requires.")
        notes.failed(_FIELDS, finding, "not given", "given")
    if not missing:
        notes.passed(_FIELDS, "", "all given", "all given")
    return set(missing)


class HeldGeography:
    """Where an order buys. Every list that is not empty must agree."""

    def __init__(self, geography: Geography) -> None:
        self._states = frozenset(geography.states)
        self._not_states = frozenset(geography.exclude_states)
        self._zips = geography.postal_codes
        self._not_zips = geography.exclude_postal_codes
        self.restricts_states = bool(self._states or self._not_states)
        self.restricts_zips = bool(self._zips or self._not_zips)

    def judge(self, fields: Mapping[str, str], reported: Container[str], notes: Notes) -> None:
        """`reported`: fields already found missing or unreadable, which say why themselves."""
        state, zip_code = fields.get("state", ""), fields.get("postal_code", "")
        if self.restricts_states:
            inside = (not self._states or state in self._states) and state not in self._not_states
            _judge_place(_STATE, "state", state, reported, notes, inside=inside)
        if self.restricts_zips:
            inside = (not self._zips or zip_code.startswith(self._zips)) and not (
                self._not_zips and zip_code.startswith(self._not_zips)
            )
            _judge_place(_ZIP, "postal_code", zip_code, reported, notes, inside=inside)


def _judge_place(rule: str, name: str, value: str, reported: Container[str], notes: Notes, *, inside: bool) -> None:
    if value:
        if inside:
            notes.passed(rule, name, "inside", "where this order buys")
        else:
            noun = "state" if name == "state" else "ZIP code"
            finding = Finding("geography_excluded", name, f"Expected a {noun} in which this order buys.")
            notes.failed(rule, finding, value if name == "state" else f"{value[:3]}**")
    elif not inside and name not in reported and "postal_code" not in reported:
        # Only a list of places to buy in cannot be kept to blindly; nowhere is not a place left out.
        finding = Finding("field_missing", name, f"Expected {name}, because this order buys in some places only.")
        notes.failed(rule, finding, "not given", "given")


def judge_age(submitted_at: float | None, received_at: float, most_minutes: int | None, notes: Notes) -> None:
    """Holds the time since the consumer's submit against the order's most. A clock ahead of ours is only noted."""
    if submitted_at is None:
        notes.passed(_AGE, "submitted_at", "not told")
    elif submitted_at > received_at + CLOCK_SKEW:
        notes.passed(_AGE, "submitted_at", "in the future by the seller's clock")
    elif most_minutes is None:
        notes.passed(_AGE, "submitted_at", "", "any age")
    else:
        expected = f"at most {most_minutes} minutes"
        minutes = (received_at - submitted_at) / 60
        if minutes > most_minutes:
            message = f"Expected a lead {expected} after the consumer's submit."
            notes.failed(_AGE, Finding("lead_too_old", "submitted_at", message), f"{minutes:.0f} minutes", expected)
        else:
            notes.passed(_AGE, "submitted_at", "young enough", expected)
