"""Whether a mail domain takes mail, by the DNS, and what that says of an address. Pure."""

from __future__ import annotations

from typing import Literal

from services.validation.verdict import Finding, Notes

#: `takes`: it has a mail exchanger, or an address to deliver to (RFC 5321, 5.1). `refuses`: there is no such domain, it
#: has neither, or it says that it takes none (a null MX, RFC 7505). Empty: not asked, or not known in time.
MailFacts = Literal["", "takes", "refuses"]

_RULE = "email.domain_takes_mail"
_EXPECTED = "Expected an e-mail address at a domain that takes mail."


def domain_of(raw: str) -> str:
    """The domain of an address as it came, if it is plain enough to ask about; else empty."""
    domain = raw.rpartition("@")[2].strip().rstrip(".").lower()
    return domain if 3 < len(domain) <= 253 and domain.isascii() and "." in domain and " " not in domain else ""


def judge_mail(facts: MailFacts, address: str, notes: Notes) -> None:
    """`address`: the canonical one; empty: the lead has none that can be read. What is not known says nothing."""
    if not facts or not address:
        return
    if facts == "takes":
        notes.passed(_RULE, "email", "takes mail", "takes mail")
    else:
        notes.failed(_RULE, Finding("email_invalid", "email", _EXPECTED), "takes none", "takes mail")
