"""One lead of the demo and what it is labelled with."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Format = Literal["json", "json_flat", "form", "adf", "google_ads", "meta"]


@dataclass(slots=True, kw_only=True)
class DemoLead:
    """A lead as its seller knows it, before it is written in a format."""

    #: What it shows, such as `duplicate_other_seller`.
    label: str
    #: True: it has to be bought.
    good: bool
    seller: str
    order: str = ""
    source: str = ""
    sub_source: str = ""
    external_id: str = ""
    fields: dict[str, str] = field(default_factory=dict)
    #: False: the seller sends no consent record at all.
    consent: bool = True
    consent_text: str = ""
    #: Seconds ago that the consumer agreed and submitted.
    seconds_ago: float = 5.0
    #: Seconds ago that the consumer agreed, where that was not at the submission.
    consent_seconds_ago: float | None = None
    ip: str = ""
    user_agent: str = ""
    seconds_on_form: float = 60.0
    #: None: the form has no such field.
    honeypot: str | None = ""
    format: Format = "json"
    #: Played when every lead of an earlier turn has its answer: a duplicate comes after its original.
    turn: int = 0
