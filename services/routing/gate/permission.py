"""Whether what a person agreed to covers a contact. Pure.

A call or text by a program, and any text, needs prior express written consent: 47 CFR 64.1200(a)(2) and (f)(9). Courts
are split on whether an agent's own text is a call, so it needs the same. A call that a person dials needs none, as long
as the number is on no list; on one, only an agreement in writing that names the buyer helps: 47 CFR
64.1200(c)(2)(ii). An order may ask more.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from services.routing.gate.decision import ContactRequest
from services.routing.gate.facts import OrderTerms
from services.routing.gate.person import Person

_NOT_WORD = re.compile(r"[^a-z0-9]+")
#: How far a seller's clock may run ahead of ours.
_CLOCK_SKEW = timedelta(minutes=10)
#: Words by which a company's name may end without being another name.
_FORMS = frozenset("inc incorporated llc llp lp ltd limited corp corporation co company na fsb".split())


def needs_writing(request: ContactRequest) -> bool:
    """Whether a contact needs consent in writing."""
    return request.channel == "text" or (request.channel == "call" and request.automatic)


def lacking(person: Person, terms: OrderTerms, at: datetime, most_days: int, *, names_buyer: bool) -> tuple[str, ...]:
    """What the consent lacks to be an agreement in writing, by rule; empty: it is one.

    Args:
        person: with the consent that came with the lead.
        terms: the order's.
        at: now.
        most_days: the age in days at which consent expires.
        names_buyer: the text must name the buyer, whatever the order says.
    """
    consent = person.consent
    if consent is None or not consent.text.strip() or person.opt_in == "none":
        return ("consent.present",)
    missing = []
    # A wording that compliance approved is the only one of which it is known that it discloses what the law asks.
    if not consent.disclosure:
        missing.append("consent.disclosure")
    if consent.phone not in ("", person.phone):
        missing.append("consent.phone")
    if consent.captured_at is None or consent.captured_at > at + _CLOCK_SKEW:
        missing.append("consent.time")
    elif at - consent.captured_at > timedelta(days=most_days):
        missing.append("consent.age")
    if (names_buyer or terms.names_buyer) and not named(terms.buyer, consent.text):
        missing.append("consent.names_buyer")
    return tuple(missing)


def named(company: str, text: str) -> bool:
    """Whether a text names a company, by its name without the ending that tells its legal form."""
    words = _words(company)
    while len(words) > 1 and words[-1] in _FORMS:
        words.pop()
    return bool(words) and f" {' '.join(words)} " in f" {' '.join(_words(text))} "


def _words(text: str) -> list[str]:
    return _NOT_WORD.sub(" ", text.lower().replace("'", "").replace("’", "").replace(".", "")).split()
