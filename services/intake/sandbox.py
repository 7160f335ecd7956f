"""Test leads: the chain runs, and nothing outside it notices.

Four ZIPs that the Postal Service never assigned force an outcome, so that a
seller's engineer can rehearse each answer against the real edge.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Forced:
    """The outcome that a test ZIP asks for."""

    outcome: Literal["accepted", "rejected", "pending"]
    #: The public reason code, for a forced reject.
    code: str = ""


_BY_ZIP = {
    "00001": Forced("accepted"),
    "00002": Forced("rejected", "duplicate_other_seller"),
    "00003": Forced("rejected", "consent_missing"),
    "00004": Forced("pending"),
}


def is_test(flag: bool, fields: Mapping[str, str]) -> bool:
    """True for a lead that is marked as a test or carries a test ZIP."""
    return flag or fields.get("postal_code", "").strip() in _BY_ZIP


def forced_outcome(fields: Mapping[str, str]) -> Forced | None:
    """Return what the lead's test ZIP forces; None where its ZIP is not one of the four."""
    return _BY_ZIP.get(fields.get("postal_code", "").strip())
