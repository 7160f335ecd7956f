"""A lead as it came, in the words of the rules. Times are Unix seconds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from services.validation.consent.certificate import UNKNOWN, CertificateFacts
from services.validation.fieldtypes.mail_facts import MailFacts


@dataclass(frozen=True, slots=True)
class Consent:
    """What the seller recorded of the consumer's consent. Empty or None: not told."""

    text: str = ""
    captured_at: float | None = None
    certificate: str = ""
    #: The consumer's address, as sent.
    ip: str = ""
    page_url: str = ""
    #: The number that the record names; the lead's own is another thing.
    phone: str = ""
    #: When the form was shown.
    shown_at: float | None = None


@dataclass(frozen=True, slots=True)
class Signals:
    """How the form was filled in. None: not told."""

    user_agent: str = ""
    seconds_on_form: float | None = None
    honeypot: str | None = None
    #: Keys pressed, fields pasted into and filled in by the browser, mouse moves with clicks and touches.
    keystrokes: int | None = None
    pastes: int | None = None
    autofills: int | None = None
    pointer_events: int | None = None
    device_id: str = ""
    webdriver: bool | None = None


@dataclass(frozen=True, slots=True)
class Lead:
    """One lead and the orders (name, version) that it may fill."""

    seller: str
    fields: Mapping[str, str]
    received_at: float
    source: str = ""
    submitted_at: float | None = None
    test: bool = False
    consent: Consent = Consent()
    signals: Signals = Signals()
    candidates: tuple[tuple[str, int], ...] = ()
    #: What the certificate's issuer said.
    certificate: CertificateFacts = UNKNOWN
    #: What the DNS said of the mail domain.
    mail: MailFacts = ""
    #: The person is told in part only, by a post that may never come.
    ping: bool = False

    @property
    def counted(self) -> bool:
        """Whether its details are a person's, to be counted among others."""
        return not self.test and not self.ping
