"""Every rule in order, all of them for every lead, so that all reasons are told at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from services.validation.bots.network import Network, judge_network, network_signs, read_network
from services.validation.bots.sign import NOTHING, add_up, judge_score
from services.validation.bots.signals import input_signs, judge_signals, judge_speed
from services.validation.consent.record import Circumstances, judge_consent, judge_record, present
from services.validation.fieldtypes.mail_facts import judge_mail
from services.validation.fieldtypes.name import halves, joined_name, judge_name, read_name
from services.validation.fieldtypes.registry import read_all
from services.validation.fieldtypes.when import day_of, midnight_of
from services.validation.identity.address import judge_place
from services.validation.identity.signals import identity_signs
from services.validation.lead import Lead
from services.validation.lists.reference import SANDBOX_ZIPS, Reference
from services.validation.orders.criteria import age_of, judge_criteria
from services.validation.orders.leadtype import NO_TERMS, NO_TYPE, Shown, judge_line, judge_type, lead_type, shown_by
from services.validation.orders.requirements import judge_age, judge_required
from services.validation.ping import excuse, excused, with_untold
from services.validation.plan import CatalogPlan, OrderPlan
from services.validation.velocity.sightings import NOT_KNOWN, Sightings, judge_velocity, pattern_signs
from services.validation.verdict import NO_PARTS, CandidateVerdict, Finding, LeadType, Notes, Reading, Verdict
from shared.catalog.terms import STANDARD_FIELDS
from shared.verdict import Check

_EXPECTED_SOURCE = "Expected the web site that collected the lead, as a URL or a domain."
_EXPECTED_ORDER = "Expected an order of this catalog revision."
#: What shows that content is a test's or a book's: no fault of a lead that is declared as a test.
_EXCUSED_IN_TESTS = frozenset({"name.test_data", "email.made_up", "phone.fictional"})
_EXPECTED_FORM = "by its fields"
_NAMES = ("first_name", "last_name", "full_name")


class LeadFacts:
    """What is known of one lead once its fields are read, and what was found wrong on the way."""

    __slots__ = (
        "ages",
        "fields",
        "given",
        "invalid",
        "line_type",
        "name_parts",
        "network",
        "product_readings",
        "score",
        "shown",
        "source",
        "unknown",
    )

    def __init__(self, fields: dict[str, str], readings: Mapping[str, Reading], unknown: list[str]) -> None:
        self.fields = fields
        self.unknown = unknown
        #: Fields that came readable or follow from others that did.
        self.given: set[str] = set(fields)
        #: What the full name consists of, as it came.
        self.name_parts = readings["full_name"].parts if "full_name" in readings else NO_PARTS
        #: Fields that came and cannot be used.
        self.invalid = {name for name, reading in readings.items() if reading.findings}
        #: Faults of the product's own fields: only orders of that product mind them.
        self.product_readings: dict[str, Reading] = {}
        self.ages: dict[str, str] = {}
        #: The phone's kind of line; empty: no phone that may be called.
        self.line_type = _line_type(readings)
        self.source = ""
        #: Where the consumer's address belongs, where that is no home.
        self.network: Network | None = None
        #: What it shows of its type.
        self.shown = NO_TYPE
        #: What speaks for a program without proving it.
        self.score = NOTHING

    def told(self, kind: LeadType) -> dict[str, str]:
        """The fields as rules ask them: with what is derived, and the type as it was found, whatever was declared."""
        derived = {**self.ages, "source": self.source} if self.source else self.ages
        found = {"form": kind.form, "opt_in": kind.opt_in, "exclusivity": kind.exclusivity}
        found["incentivized"] = "true" if kind.incentivized else "false"
        return {**derived, **self.fields, **found}


def validate(lead: Lead, plan: CatalogPlan, reference: Reference, seen: Sightings = NOT_KNOWN) -> Verdict:
    """Normalises a lead, verifies it, tells its type and holds it against its candidates. Pure.

    `seen`: how often its details were seen with other people.
    """
    notes = Notes()
    known = [found for found in (plan.order(slug) for slug, _ in lead.candidates) if found is not None]
    facts = _read(lead, plan, known, notes)
    _complete_names(facts)
    _judge_identity(lead, facts, notes)
    _judge_place(lead, facts, reference, notes)
    if lead.ping:
        facts.given |= excused(facts.fields)
    facts.ages = age_of(facts.fields, day_of(lead.received_at))
    judge_mail(lead.mail, facts.fields.get("email", ""), notes)
    facts.source = _source(lead, plan, notes)
    _judge_bots(lead, facts, reference, seen, notes)
    if (consent := present(lead.consent)) is not lead.consent:
        lead = replace(lead, consent=consent)
    judge_record(consent, lead.received_at, notes)

    facts.shown = _shown(lead, facts, plan, known)
    kind = lead_type(facts.shown, _typed(lead, facts), known[0].type_terms if known else NO_TERMS)
    if not known and not kind.exclusivity_shown:
        kind = kind._replace(exclusivity="")
    if facts.fields.get("form", kind.form) != kind.form:
        notes.passed(
            "lead_type.form_declared", "form", f"declared {facts.fields['form']}", f"{kind.form} {_EXPECTED_FORM}"
        )

    checks, verdicts = notes.checks, []
    for slug, version in lead.candidates:
        found = plan.order(slug)
        held = Notes(slug)
        if found is None:
            held.failed("order.known", Finding("order_not_found", "order", _EXPECTED_ORDER))
        else:
            _hold(lead, facts, found, plan, seen, held)
        checks += held.checks
        verdicts.append(CandidateVerdict(slug, version, tuple(held.findings)))
    return Verdict(
        fields=facts.fields,
        unknown_fields=tuple(facts.unknown),
        lead_type=kind,
        source=facts.source,
        findings=tuple(notes.findings),
        candidates=tuple(verdicts),
        checks=tuple(checks),
        summary=_summary(len(notes.findings), verdicts),
    )


def _read(lead: Lead, plan: CatalogPlan, known: list[OrderPlan], notes: Notes) -> LeadFacts:
    readers = plan.readers(lead.seller, known, int(lead.received_at // 86400))
    values, readings, unknown = read_all(lead.fields, readers)
    facts = LeadFacts(values, readings, unknown)
    for name, reading in readings.items():
        if known and reading.findings and name not in STANDARD_FIELDS:
            facts.product_readings[name] = reading
        elif reading.findings:
            _take(reading.checks, reading.findings, lead, notes)
        else:
            notes.checks += reading.checks
    return facts


def _line_type(readings: Mapping[str, Reading]) -> str:
    phone = readings.get("phone")
    return "" if phone is None or phone.findings else phone.parts.get("line_type", "")


def _complete_names(facts: LeadFacts) -> None:
    """A full name gives first and last, and the other way round: sellers send either."""
    fields, given = facts.fields, facts.given
    full, first, last = fields.get("full_name", ""), fields.get("first_name", ""), fields.get("last_name", "")
    if full and not (first and last):
        for name, half in zip(("first_name", "last_name"), halves(facts.name_parts), strict=True):
            # Read as if it had been sent alone: sent again, the lead must come out the same.
            value = read_name(name, half).value if half else None
            if value and name not in fields:
                fields[name] = value
                given.add(name)
    elif first and last and not full:
        whole = joined_name(first, last)
        if whole is not None:
            fields["full_name"] = whole
            given.add("full_name")


def _judge_identity(lead: Lead, facts: LeadFacts, notes: Notes) -> None:
    first, last = facts.fields.get("first_name", ""), facts.fields.get("last_name", "")
    if not (first or last) or not facts.invalid.isdisjoint(_NAMES):
        return
    sent = "first_name" if "first_name" in lead.fields else "full_name" if "full_name" in lead.fields else "last_name"
    checks, findings = judge_name(first, last, sent)
    _take(checks, findings, lead, notes)


def _take(checks: tuple[Check, ...], findings: tuple[Finding, ...], lead: Lead, notes: Notes) -> None:
    """Notes what a reader said; a lead that is declared as a test may look like one."""
    if lead.test and findings and checks[-1].rule in _EXCUSED_IN_TESTS:
        excused = checks[-1]._replace(passed=True, observed="declared as a test", reason="")
        notes.add((*checks[:-1], excused), ())
    else:
        notes.add(checks, findings)


def _judge_place(lead: Lead, facts: LeadFacts, reference: Reference, notes: Notes) -> None:
    fields = facts.fields
    zip5 = fields.get("postal_code", "")[:5]
    if zip5 in SANDBOX_ZIPS:
        if not lead.test:
            message = "Expected a ZIP code that exists; this one is for tests, which send `test: true`."
            notes.failed("postal_code.exists", Finding("field_invalid", "postal_code", message), f"{zip5[:3]}**")
            facts.invalid.add("postal_code")
            del fields["postal_code"]
        return
    notes.add(*judge_place(reference.zips, zip5, fields.get("state", ""), fields.get("city", "")))
    if zip5 and "state" not in fields and "state" not in facts.invalid:
        # Prices and geography go by state; a required `state` was still not given.
        fields["state"] = reference.zips.state(zip5) or ""
        notes.passed("state.readable", "state", fields["state"], "by the ZIP code")


def _judge_bots(lead: Lead, facts: LeadFacts, reference: Reference, seen: Sightings, notes: Notes) -> None:
    agent = judge_signals(lead.signals, reference.crawlers, notes)
    facts.network = read_network(lead.consent, reference.data_centres, notes)
    facts.score = add_up(
        (
            ("agent", agent),
            ("network", network_signs(facts.network)),
            ("input", input_signs(lead.signals, notes)),
            ("pattern", pattern_signs(seen)),
            ("identity", identity_signs(facts.fields, reference)),
        )
    )


def _source(lead: Lead, plan: CatalogPlan, notes: Notes) -> str:
    """The source's host; a host below a site of the catalog counts as that site."""
    if not lead.source.strip():
        return ""
    site = plan.site(lead.source)
    if not site:
        notes.failed("source.readable", Finding("field_invalid", "source", _EXPECTED_SOURCE), "no host")
        return ""
    notes.passed("source.readable", "source", site, "a host")
    return site


def _shown(lead: Lead, facts: LeadFacts, plan: CatalogPlan, known: list[OrderPlan]) -> Shown:
    return shown_by(
        facts.fields,
        lead.consent,
        lead.source,
        plan.view.source(facts.source),
        own=plan.is_own(lead.seller),
        page_own=plan.is_own_page(lead.consent.page_url) if lead.consent.page_url else None,
        sharing=any(order.type_terms.exclusive or order.rules for order in known),
    )


def _hold(lead: Lead, facts: LeadFacts, plan: OrderPlan, catalog: CatalogPlan, seen: Sightings, notes: Notes) -> None:
    order = plan.order
    for name, reading in facts.product_readings.items():
        if name in plan.readers:
            for check in reading.checks:
                notes.checks.append(check._replace(order=notes.order))
            notes.findings.extend(reading.findings)
    reported = facts.invalid | judge_required(order.required_fields, facts.given, facts.invalid, notes)
    sandbox = lead.test and facts.fields.get("postal_code", "")[:5] in SANDBOX_ZIPS
    if not sandbox:
        plan.geography.judge(facts.fields, reported, notes)
    judge_criteria(plan.criteria, facts.fields, facts.ages, notes)
    typed = _typed(lead, facts)
    kind = lead_type(facts.shown, typed, plan.type_terms)
    if plan.rules:
        from services.validation.orders.rules import judge_rules

        judge_rules(plan.rules, facts.told(kind), midnight_of(lead.received_at), notes)
    judge_type(facts.shown, kind, typed, plan.type_terms, notes)
    judge_line(facts.line_type, order.lead, notes)
    judge_age(lead.submitted_at, lead.received_at, order.max_lead_age_minutes, notes)
    judge_speed(lead.signals.seconds_on_form, order.bots.minimum_seconds_on_form, notes)
    judge_network(facts.network, order.bots.refuse_networks, notes)
    judge_score(facts.score, order.bots.threshold, notes)
    judge_velocity(seen, order.velocity, test=lead.test, invalid=facts.invalid, notes=notes)
    about = Circumstances(
        seller=lead.seller,
        site=facts.source,
        buyer=catalog.view.buyer.name,
        received_at=lead.received_at,
        submitted_at=lead.submitted_at,
        fields=facts.fields,
        sent=lead.fields,
        certificate=lead.certificate,
    )
    if not lead.ping:
        judge_consent(lead.consent, order.consent, catalog.registry, about, notes)
        return
    # Its issuer has nobody to compare a certificate with yet.
    told, of_consent = replace(lead.consent, certificate=""), Notes(notes.order)
    judge_consent(told, order.consent, catalog.registry, about, of_consent)
    excuse(of_consent, notes)


def _typed(lead: Lead, facts: LeadFacts) -> Mapping[str, str]:
    """The fields by which the type is told."""
    return with_untold(facts.fields) if lead.ping else facts.fields


def _summary(faults: int, verdicts: list[CandidateVerdict]) -> str:
    satisfied = sum(not verdict.findings for verdict in verdicts)
    if not faults and satisfied == len(verdicts):
        return "Nothing is wrong with the lead."
    noun = "fault" if faults == 1 else "faults"
    return f"{faults or 'No'} {noun} whatever the order; {satisfied} of {len(verdicts)} orders satisfied."
