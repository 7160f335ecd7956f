"""ValidationService: protobuf in, protobuf out; every decision is made in `rules`."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any, cast, get_args

import grpc
from google.protobuf.timestamp_pb2 import Timestamp

from leadline.common.v1 import lead_pb2 as common
from leadline.validation.v1.validation_service_pb2 import (
    CandidateValidation,
    LeadToValidate,
    Observations,
    ParseFieldsRequest,
    ParseFieldsResponse,
    ValidatedLead,
    ValidateLeadsRequest,
    ValidateLeadsResponse,
)
from leadline.validation.v1.validation_service_pb2 import CertificateFacts as CertificateMessage
from leadline.validation.v1.validation_service_pb2 import Sightings as SightingsMessage
from leadline.validation.v1.validation_service_pb2_grpc import ValidationServiceServicer
from services.validation.consent.certificate import OUTCOMES, UNKNOWN, CertificateFacts, Outcome
from services.validation.consent.issuer import CertificateDesk
from services.validation.consent.new_wordings import NewWordings
from services.validation.desk import Desk, Desks
from services.validation.fields_service import MOST_VALUES, answer_fields, finding_messages
from services.validation.fieldtypes.mail_facts import MailFacts, domain_of
from services.validation.fieldtypes.when import day_of
from services.validation.lead import Consent, Lead, Signals
from services.validation.rules import validate
from services.validation.velocity.sightings import NOT_KNOWN, Sightings
from services.validation.velocity.store import SightingStore
from services.validation.verdict import Finding, LeadType, Verdict
from shared.catalog.snapshot import CatalogReader
from shared.rpc.errors import Malformed

if TYPE_CHECKING:
    from services.validation.mail_client import MailDomains

MOST_LEADS = 256


class ValidationService(ValidationServiceServicer):
    """Answers batches of leads of one buyer at one catalog revision."""

    def __init__(
        self,
        catalogs: CatalogReader,
        desks: Desks,
        sightings: SightingStore | None = None,
        *,
        certificates: CertificateDesk | None = None,
        wordings: NewWordings | None = None,
        mail: MailDomains | None = None,
    ) -> None:
        """`sightings`: who counts what leads share; None: nobody, and nothing is known of it.

        `certificates`: None asks no issuer. `wordings`: hears of consent texts that nobody approved. `mail`: None asks
        no name server.
        """
        self._catalogs = catalogs
        self._desks = desks
        self._sightings = sightings
        self._certificates = certificates
        self._wordings = wordings
        self._mail = mail

    async def ValidateLeads(
        self, request: ValidateLeadsRequest, _: grpc.aio.ServicerContext[Any, Any]
    ) -> ValidateLeadsResponse:
        """Raises Malformed for a request that no state could make right, NotFound for an unknown revision."""
        if len(request.leads) > MOST_LEADS:
            raise Malformed.field("leads", f"expected at most {MOST_LEADS}")
        view = await self._catalogs.get(request.buyer_id, request.catalog_revision)
        # From here to the answer the lists are the same ones, whatever is put in place meanwhile.
        desk = await self._desks.of(request.lists) if request.lists else self._desks.current
        plan = desk.plans.of(view)
        leads = [_lead(message, index) for index, message in enumerate(request.leads)]
        again = bool(request.lists) or any(lead.HasField("observations") for lead in request.leads)
        seen = await self._seen(request, leads, again=again)
        if self._certificates is not None and not again:
            leads = await self._certificates.with_facts(leads, plan)
        if self._mail is not None and not again:
            leads = await _with_mail(leads, self._mail)
        verdicts = [validate(lead, plan, desk.reference, of_lead) for lead, of_lead in zip(leads, seen, strict=True)]
        if self._wordings is not None and not again:
            # After the answer has gone out.
            asyncio.get_running_loop().call_soon(self._wordings.note, plan, leads, verdicts)
        return ValidateLeadsResponse(
            results=[
                _result(verdict, desk, _observations(of_lead, lead.certificate, lead.mail))
                for verdict, of_lead, lead in zip(verdicts, seen, leads, strict=True)
            ]
        )

    async def _seen(self, request: ValidateLeadsRequest, leads: Sequence[Lead], *, again: bool) -> Sequence[Sightings]:
        """What is known of others with the leads' details; where a receipt is made again, what was known then."""
        if self._sightings is None or again:
            return [_sightings(lead.observations) for lead in request.leads]
        return await self._sightings.look(request.buyer_id, leads)

    async def ParseFields(
        self, request: ParseFieldsRequest, _: grpc.aio.ServicerContext[Any, Any]
    ) -> ParseFieldsResponse:
        """Raises Malformed for a request without an instant or with too many values."""
        if len(request.fields) > MOST_VALUES:
            raise Malformed.field("fields", f"expected at most {MOST_VALUES}")
        if not request.HasField("as_of"):
            raise Malformed.field("as_of", "expected the instant against which ages are told")
        return answer_fields(request.fields, self._desks.current.reference, day_of(_seconds(request.as_of)))


async def _with_mail(leads: Sequence[Lead], mail: MailDomains) -> list[Lead]:
    """The leads, with what is known of their mail domains."""
    domains = [domain_of(lead.fields.get("email", "")) for lead in leads]
    known = await mail.look(domains)
    return [
        replace(lead, mail=known[domain]) if domain and known[domain] else lead
        for lead, domain in zip(leads, domains, strict=True)
    ]


def _result(verdict: Verdict, desk: Desk, observations: bytes) -> ValidatedLead:
    result = ValidatedLead(
        unknown_fields=verdict.unknown_fields,
        lead_type=_type_message(verdict.lead_type),
        source=verdict.source,
        findings=finding_messages(verdict.findings),
        candidates=[_candidate(*candidate) for candidate in verdict.candidates],
        receipt=desk.receipts.write(
            verdict.checks,
            verdict.summary,
            tuple((candidate.order, candidate.version) for candidate in verdict.candidates),
            observations,
        ),
    )
    # As an argument of the constructor the map would be filled through an abstract class, at twice the cost.
    fields = result.fields
    for name, value in verdict.fields.items():
        fields[name] = value
    return result


@lru_cache(maxsize=1024)
def _candidate(order: str, version: int, findings: tuple[Finding, ...]) -> CandidateValidation:
    """Remembered: what is put into an answer is copied, and most orders find nothing."""
    return CandidateValidation(order=common.OrderRef(order=order, version=version), findings=finding_messages(findings))


@lru_cache(maxsize=4096)
def _observations(seen: Sightings, certificate: CertificateFacts, mail: MailFacts) -> bytes:
    """What was looked up, as the receipt keeps it; empty: nothing."""
    found = Observations(mail=mail)
    if seen.known:
        counts = seen._asdict()
        del counts["known"]
        found.sightings.CopyFrom(SightingsMessage(**counts))
    if certificate is not UNKNOWN and certificate.outcome != "unavailable":
        found.certificate.CopyFrom(CertificateMessage(**certificate._asdict()))
    return found.SerializeToString()


def _certificate(observations: Observations) -> CertificateFacts:
    told = observations.certificate
    if told.outcome not in OUTCOMES:
        return UNKNOWN
    age = told.age_seconds if told.HasField("age_seconds") else None
    return CertificateFacts(cast(Outcome, told.outcome), age, told.domain)


def _mail(observations: Observations) -> MailFacts:
    return cast(MailFacts, observations.mail) if observations.mail in get_args(MailFacts) else ""


def _sightings(observations: Observations) -> Sightings:
    if not observations.HasField("sightings"):
        return NOT_KNOWN
    counts = observations.sightings
    return Sightings(True, *(getattr(counts, name) for name in Sightings._fields[1:]))


def _lead(message: LeadToValidate, index: int) -> Lead:
    sent = message.submission
    if not sent.HasField("received_at"):
        raise Malformed.field(f"leads[{index}].submission.received_at", "expected the time of arrival")
    consent, signals, told = sent.consent, sent.signals, sent.fields
    return Lead(
        seller=message.seller,
        # The map's own items() goes through an abstract class, at twice the cost.
        fields={name: told[name] for name in told},
        received_at=_seconds(sent.received_at),
        source=sent.source,
        submitted_at=_seconds(sent.submitted_at) if sent.HasField("submitted_at") else None,
        test=sent.test,
        consent=Consent(
            text=consent.text,
            captured_at=_seconds(consent.captured_at) if consent.HasField("captured_at") else None,
            certificate=consent.certificate,
            ip=consent.ip,
            page_url=consent.page_url,
            phone=consent.phone,
            shown_at=_seconds(consent.shown_at) if consent.HasField("shown_at") else None,
        ),
        signals=Signals(
            user_agent=signals.user_agent,
            seconds_on_form=signals.seconds_on_form if signals.HasField("seconds_on_form") else None,
            honeypot=signals.honeypot if signals.HasField("honeypot") else None,
            keystrokes=signals.keystrokes if signals.HasField("keystrokes") else None,
            pastes=signals.pastes if signals.HasField("pastes") else None,
            autofills=signals.autofills if signals.HasField("autofills") else None,
            pointer_events=signals.pointer_events if signals.HasField("pointer_events") else None,
            device_id=signals.device_id,
            webdriver=signals.webdriver if signals.HasField("webdriver") else None,
        ),
        candidates=tuple((candidate.order, candidate.version) for candidate in message.candidates),
        certificate=_certificate(message.observations) if message.HasField("observations") else UNKNOWN,
        mail=_mail(message.observations) if message.HasField("observations") else "",
        ping=message.ping,
    )


def _seconds(time: Timestamp) -> float:
    return time.seconds + time.nanos * 1e-9


@lru_cache(maxsize=256)
def _type_message(kind: LeadType) -> common.LeadType:
    return common.LeadType(
        form=kind.form,
        exclusivity=kind.exclusivity,
        incentivized=kind.incentivized,
        own=kind.own,
        opt_in=kind.opt_in,
        exclusivity_shown=kind.exclusivity_shown,
    )
