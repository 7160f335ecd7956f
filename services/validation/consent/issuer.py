"""What the issuers of certificates say of a batch, looked up before its leads are decided."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import replace
from hashlib import sha256
from typing import Protocol

from services.validation.consent.certificate import UNKNOWN, CertificateFacts, read_certificate
from services.validation.lead import Lead
from services.validation.plan import CatalogPlan
from shared.catalog.terms import ConsentTerms
from shared.runtime.clock import Clock

#: Answers kept, and for how many seconds: a lead that is decided again soon need not be asked for again.
KEPT, KEPT_SECONDS = 4096, 900.0


class Issuer(Protocol):
    """Who issues certificates; see `CertificateClient`."""

    async def match(self, token: str, *, phone: str, email: str, insights: bool) -> CertificateFacts:
        """Whether a certificate is of this person."""
        ...


class CertificateDesk:
    """Asks the issuer for those leads of a batch whose order wants it."""

    def __init__(self, issuer: Issuer, clock: Clock, *, seconds: float) -> None:
        """`seconds`: how long a batch waits at most; what is not known by then is not known."""
        self._issuer = issuer
        self._clock = clock
        self._seconds = seconds
        self._known: OrderedDict[bytes, tuple[float, CertificateFacts]] = OrderedDict()

    async def with_facts(self, leads: Sequence[Lead], plan: CatalogPlan) -> list[Lead]:
        """The leads, with what was said of their certificates."""
        asked: dict[int, asyncio.Task[CertificateFacts]] = {}
        for index, lead in enumerate(leads):
            terms = _asking(lead, plan)
            if terms:
                insights = any(term.certificate_insights for term in terms)
                asked[index] = asyncio.create_task(self._ask(lead, insights=insights))
        if not asked:
            return list(leads)
        try:
            await asyncio.wait(asked.values(), timeout=self._seconds)
        finally:
            for task in asked.values():
                task.cancel()
        return [
            replace(lead, certificate=_told(asked[index])) if index in asked else lead
            for index, lead in enumerate(leads)
        ]

    async def _ask(self, lead: Lead, *, insights: bool) -> CertificateFacts:
        certificate = read_certificate(lead.consent.certificate)
        if certificate is None:
            return UNKNOWN
        phone, email = ten_digits(lead.fields.get("phone", "")), lead.fields.get("email", "").strip().lower()
        if not phone and not email:
            return CertificateFacts("incomparable")
        key = sha256("\0".join((certificate.token, phone, email, str(insights))).encode()).digest()
        now = self._clock.monotonic()
        known = self._known.get(key)
        if known is not None and now - known[0] < KEPT_SECONDS:
            return known[1]
        facts = await self._issuer.match(certificate.token, phone=phone, email=email, insights=insights)
        if facts.outcome != "unavailable":
            self._known[key] = (now, facts)
            if len(self._known) > KEPT:
                self._known.popitem(last=False)
        return facts


def _told(task: asyncio.Task[CertificateFacts]) -> CertificateFacts:
    return task.result() if task.done() and not task.cancelled() and task.exception() is None else UNKNOWN


def ten_digits(phone: str) -> str:
    """A number as the issuer compares it: digits alone, without the country code of the United States."""
    digits = "".join(character for character in phone if character in "0123456789")
    return digits[1:] if len(digits) == 11 and digits[0] == "1" else digits


def _asking(lead: Lead, plan: CatalogPlan) -> list[ConsentTerms]:
    """The terms of those orders that have the issuer asked about this lead."""
    if not plan.asks_issuer or not lead.counted:
        return []
    certificate = read_certificate(lead.consent.certificate)
    if certificate is None or certificate.kind != "TrustedForm":
        return []
    terms = [found.order.consent for slug, _ in lead.candidates if (found := plan.order(slug)) is not None]
    return [term for term in terms if term.required and term.certificate == "match"]
