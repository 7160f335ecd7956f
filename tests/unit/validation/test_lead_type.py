"""The lead type that an order asks for, held against what the lead shows: declarations, texts, pages, the source."""

# Lines of a table stay on one line.
# ruff: noqa: E501

from __future__ import annotations

from dataclasses import replace
from typing import Any

import msgspec
import pytest

from services.validation.orders.type_signs import reward_in, reward_on, sharing_in
from shared.catalog.terms import ConsentTerms, Disclosure, LeadTerms, Order, Rule, Source
from tests.unit.validation.terms import DISCLOSURE, GOOD, NOW, ORDER, SHOWN, judged, lead_with, reasons

SITE = "best-auto-loans.example"

#: Texts under which several companies may call.
SHARED_TEXTS = (
    "I agree that Marco Media LLC and its marketing partners may call me.",
    "By clicking I consent to calls from Marco Media and up to four lenders including Big Bank.",
    "even if my number is on a Do Not Call list, I agree to be called by as many as 5 of its lending partners.",
    "my information may be sent to multiple insurance companies who may call",
    "AND I AGREE THAT MARCO AND ITS MARKETING PARTNERS MAY CALL ME",
    "from Marco Media and our Marketing Partners by phone",
    "to be matched with several participating dealers",
    "I consent to be contacted by one or more of the lenders listed here",
    "calls from our network of trusted lenders",
    "I don't have to agree. Three auto lenders may call me about my request.",
    "My consent is not required to buy anything, and our participating partners may call me.",
)
#: Texts of exclusive leads that look like it.
EXCLUSIVE_TEXTS = (
    DISCLOSURE,
    "I authorize Lead River Partners LLC and its lending partner Big Bank to contact me by phone and text.",
    "Marketing Partners, Inc. and Big Bank may call me about auto loans.",
    "National Lending Partners may call me on behalf of Big Bank.",
    "Big Bank and its affiliates may call me about auto loans.",
    "We will never share your number with third-party partners or other lenders.",
    "Big Bank does not sell my details to marketing partners.",
    "Big Bank is not one of several lenders.",
    "I agree that Big Bank, N.A. may call me at the number that I gave, up to three times a day.",
    "Five Points Auto and Big Bank may call me.",
    "Big Bank may share my details with service providers as its privacy notice says.",
    "Big Bank may call me; for a list of its service providers see the privacy notice.",
    "Big Bank works with several service providers who keep its records.",
    "Message frequency varies; two messages a month. Lenders set their own rates.",
    "",
)
REWARD_TEXTS = (
    "Complete the form to receive a $50 gift card.",
    "No purchase necessary. Enter to win a 2026 Ford F-150.",
    "I want to earn 500 points for this offer and agree to be called.",
    "By clicking Claim my reward I agree to be called.",
    "This entry into our Sweepstakes is free",
    "You could win a vacation! I agree to calls.",
    "Thousands of paid surveys are waiting.",
)
NO_REWARD_TEXTS = (
    DISCLOSURE,
    "I agree that Big Bank may call me about its cash rewards credit card and bonus rates.",
    "This is not a sweepstakes and no gift cards are given.",
    "You do not receive a gift card for asking.",
    "Consent is not a condition of any purchase. Get cash back on your car loan.",
    "There is no point in waiting: get your rate today.",
    "Winston may call me; credit is given at the lender's discretion.",
)


@pytest.mark.parametrize("text", SHARED_TEXTS)
def test_a_text_under_which_several_companies_may_call_is_recognised(text: str) -> None:
    assert sharing_in(text).strong


@pytest.mark.parametrize("text", EXCLUSIVE_TEXTS)
def test_a_text_under_which_one_buyer_calls_is_not_taken_for_another(text: str) -> None:
    assert not sharing_in(text).strong


@pytest.mark.parametrize("text", REWARD_TEXTS)
def test_a_promised_reward_is_recognised(text: str) -> None:
    assert reward_in(text).strong


@pytest.mark.parametrize("text", NO_REWARD_TEXTS)
def test_words_that_only_look_like_a_reward_are_none(text: str) -> None:
    assert not reward_in(text).strong


@pytest.mark.parametrize(
    ("page", "reward"),
    [
        ("https://free-gas-cards.example/apply", True),
        ("https://offers.example/win-a-car", True),
        ("https://www.sweepstakes.example", True),
        ("https://x.example/giveaway/2026", True),
        ("x.example/earn_points/", True),
        ("https://best-auto-loans.example/apply?utm_campaign=gift-card", False),
        ("https://bank.example/rewards-credit-card", False),
        ("https://winston-salem-auto.example/", False),
        ("https://gift-basket-loans.example/", False),
        ("https://cash-back-car-loans.example/", False),
        ("", False),
    ],
)
def test_a_page_that_promises_a_reward_says_so_in_its_address(page: str, reward: bool) -> None:
    assert reward_on(page).strong is reward


def _order(lead: LeadTerms | None = None, **changes: Any) -> Order:
    # No wording is required here: what is asked is the type alone.
    terms = {"lead": lead or LeadTerms(), "consent": ConsentTerms(required=False), **changes}
    return msgspec.structs.replace(ORDER, **terms)


@pytest.mark.parametrize(
    ("fields", "terms", "found"),
    [
        ({"exclusivity": "shared"}, LeadTerms(), [("lead_type_mismatch", "exclusivity")]),
        ({"exclusivity": "non-exclusive"}, LeadTerms(), [("lead_type_mismatch", "exclusivity")]),
        ({"exclusivity": "4"}, LeadTerms(), [("lead_type_mismatch", "exclusivity")]),
        ({"exclusivity": "yes"}, LeadTerms(), []),
        ({"exclusivity": "shared"}, LeadTerms(exclusivity="shared"), []),
        ({"exclusivity": "exclusive"}, LeadTerms(exclusivity="shared"), []),
        ({"exclusivity": "N/A"}, LeadTerms(), []),
        ({"exclusivity": "shared", "incentivized": "yes"}, LeadTerms(),
         [("lead_type_mismatch", "exclusivity"), ("lead_type_mismatch", "incentivized")]),
        ({"exclusivity": "shared", "incentivized": "yes"}, LeadTerms(mismatch="reprice"), []),
    ],
)  # fmt: skip
def test_what_a_lead_declares_is_held_against_the_order(
    fields: dict[str, str], terms: LeadTerms, found: list[tuple[str, str]]
) -> None:
    assert reasons(judged(lead_with(**fields), _order(terms))) == found


@pytest.mark.parametrize("text", SHARED_TEXTS)
def test_an_exclusive_order_buys_no_lead_whose_text_lets_several_call(text: str) -> None:
    lead = replace(GOOD, consent=replace(GOOD.consent, text=text))
    assert reasons(judged(lead, _order())) == [("lead_type_mismatch", "consent.text")]
    # Whoever declares otherwise is not believed against the text.
    declared = replace(lead, fields={**lead.fields, "exclusivity": "exclusive"})
    assert reasons(judged(declared, _order())) == [("lead_type_mismatch", "consent.text")]
    assert reasons(judged(lead, _order(LeadTerms(exclusivity="shared")))) == []


def test_words_of_a_wording_that_the_order_itself_names_were_approved_with_it() -> None:
    text = "By clicking I agree that Marco and up to four lenders including Big Bank may call me about auto loans."
    disclosures = (Disclosure(slug="four", text=text), Disclosure(slug="plain", text=DISCLOSURE))
    lead = replace(GOOD, consent=replace(GOOD.consent, text=text))
    named = judged(lead, _order(consent=ConsentTerms(disclosures=("four",))), disclosures=disclosures)
    assert reasons(named) == []
    usable = judged(lead, _order(consent=ConsentTerms()), disclosures=disclosures)
    assert reasons(usable) == [("lead_type_mismatch", "consent.text")]


@pytest.mark.parametrize(
    ("page", "field"), [("https://sweepstakes.example/car", "consent.page_url"), ("https://a.example/win-a-car", "consent.page_url")]
)  # fmt: skip
def test_a_page_that_promises_a_reward_is_a_mismatch(page: str, field: str) -> None:
    lead = replace(GOOD, consent=replace(GOOD.consent, page_url=page))
    assert reasons(judged(lead, _order())) == [("lead_type_mismatch", field)]
    assert reasons(judged(lead, _order(LeadTerms(incentivized=True)))) == []


@pytest.mark.parametrize(
    ("source", "found"),
    [
        (Source(site=SITE, seller="marco"), []),
        (Source(site=SITE, seller="marco", incentivized=True), [("lead_type_mismatch", "source")]),
        (Source(site=SITE, seller="marco", exclusivity="shared"), [("lead_type_mismatch", "source")]),
        (Source(site=SITE, seller="marco", exclusivity="exclusive"), []),
    ],
)
def test_what_the_catalog_knows_of_a_source_counts_whatever_the_lead_says(
    source: Source, found: list[tuple[str, str]]
) -> None:
    lead = lead_with(incentivized="no", exclusivity="exclusive")
    assert reasons(judged(lead, _order(), sources=(source,))) == found


@pytest.mark.parametrize(
    ("fields", "opt_in"),
    [
        ({}, "single"),
        ({"opt_in": "double"}, "double"),
        ({"opt_in_confirmed_at": "2026-11-22T09:59:58Z"}, "double"),
        ({"opt_in_confirmed_at": "2026-11-22"}, "double"),
        ({"opt_in_confirmed_at": "1795341598"}, "double"),
        ({"opt_in_confirmed_at": "soon"}, "single"),
        # A second step before the first, by more than clocks differ.
        ({"opt_in_confirmed_at": "2026-11-22T09:00:00Z"}, "single"),
        ({"opt_in": "none", "opt_in_confirmed_at": "2026-11-22T09:59:58Z"}, "none"),
    ],
)
def test_a_double_opt_in_is_declared_or_shown_by_its_second_step(fields: dict[str, str], opt_in: str) -> None:
    verdict = judged(lead_with(**fields), _order(LeadTerms(opt_in=("single", "double", "none"))))
    assert verdict.lead_type.opt_in == opt_in
    assert reasons(verdict) == []


def test_the_receipt_says_by_what_the_type_is_known() -> None:
    lead = replace(lead_with(exclusivity="shared"), consent=replace(GOOD.consent, text=SHARED_TEXTS[0]))
    checks = {check.rule: check for check in judged(lead, _order()).checks if check.order}
    assert checks["lead_type.exclusivity"].observed == "shared: declared; the consent text names marketing partners"
    assert checks["lead_type.opt_in"].observed == "single: nothing told"
    weak = replace(GOOD, consent=replace(GOOD.consent, text="Big Bank and its affiliates may call me"))
    (check,) = [check for check in judged(weak, _order()).checks if check.rule == "lead_type.exclusivity"]
    assert check.passed
    assert check.observed == "exclusive: the consent text names partners or affiliates"


def test_a_repriced_mismatch_is_noted_and_not_held_against_the_lead() -> None:
    verdict = judged(lead_with(exclusivity="shared", incentivized="yes"), _order(LeadTerms(mismatch="reprice")))
    kind = verdict.lead_type
    assert (kind.exclusivity, kind.exclusivity_shown, kind.incentivized) == ("shared", True, True)
    observed = {check.rule: (check.passed, check.expected) for check in verdict.checks if "lead_type" in check.rule}
    assert observed["lead_type.exclusivity"] == (True, "any: the price lines decide")


def test_without_any_sign_the_orders_word_stands() -> None:
    kind = judged(GOOD, _order(LeadTerms(exclusivity="shared"))).lead_type
    assert (kind.exclusivity, kind.exclusivity_shown) == ("shared", False)


RULE = Rule(name="a-rule", holds="lead.loan_amount <= 4 * lead.vehicle_year", message="Expected less.")


@pytest.mark.parametrize(
    ("rule", "fields", "found"),
    [
        (RULE, {}, [("criteria_not_met", "")]),
        (RULE, {"loan_amount": "$8,000"}, []),
        (RULE, {"vehicle_year": None}, []),
        (RULE, {"vehicle_year": "old"}, [("field_invalid", "vehicle_year")]),
        (Rule(name="r", holds='lead.state == "CA"', message="m"), {}, [("criteria_not_met", "state")]),
        (Rule(name="r", holds='lead.state == "TX"', message="m"), {"state": None}, []),
        (Rule(name="r", holds="lead.age >= 21", message="m"), {"date_of_birth": "2010-01-01"}, [("criteria_not_met", "date_of_birth")]),
        (Rule(name="r", holds="lead.age >= 21", message="m"), {}, []),
        (Rule(name="r", holds='lead.form == "short"', message="m"), {"form": "short"}, [("criteria_not_met", "form")]),
        (Rule(name="r", holds=f'lead.source == "{SITE}"', message="m"), {}, []),
        (Rule(name="r", holds="lead.hired_on < today", message="m"), {"hired_on": "11/21/2026"}, []),
        (Rule(name="r", holds="lead.hired_on < today", message="m"), {"hired_on": "11/22/2026"}, [("criteria_not_met", "hired_on")]),
        (Rule(name="r", holds="lead.gone > 1", message="m"), {}, [("criteria_not_met", "")]),
    ],
)  # fmt: skip
def test_a_rule_of_the_order_holds_or_the_lead_is_told_what_was_expected(
    rule: Rule, fields: dict[str, str | None], found: list[tuple[str, str]]
) -> None:
    assert reasons(judged(lead_with(**fields), _order(rules=(rule,)))) == found


def test_the_receipt_shows_what_a_rule_said() -> None:
    verdict = judged(lead_with(vehicle_year=None), _order(rules=(RULE,)))
    (check,) = [check for check in verdict.checks if check.rule == "order.rule"]
    assert (check.passed, check.observed) == (True, "not told: vehicle_year not given")
    assert check.expected == "a-rule: lead.loan_amount <= 4 * lead.vehicle_year"
    (finding,) = judged(GOOD, _order(rules=(RULE,))).candidates[0].findings
    assert finding.message == "Expected less."


def test_the_good_lead_of_these_tests_is_of_the_type_ordered() -> None:
    assert GOOD.consent.text == SHOWN
    assert GOOD.received_at == NOW
    assert reasons(judged(GOOD)) == []


@pytest.mark.parametrize(
    ("seller", "page", "found"),
    [
        ("marco", f"https://{SITE}/apply", []),
        ("marco", "https://unknown-site.example/apply", []),
        ("marco", "", []),
        ("marco", "https://www.bigbank.example/auto?utm=1", [("lead_type_mismatch", "consent.page_url")]),
        ("marco", "https://apply.bigbank.example/", [("lead_type_mismatch", "consent.page_url")]),
        ("web", "https://bigbank.example/auto", []),
        ("web", f"https://{SITE}/apply", [("lead_type_mismatch", "consent.page_url")]),
    ],
)
def test_a_lead_comes_from_whom_its_page_belongs_to(seller: str, page: str, found: list[tuple[str, str]]) -> None:
    lead = replace(GOOD, seller=seller, consent=replace(GOOD.consent, page_url=page))
    sources = (Source(site="bigbank.example", seller="web"), Source(site=SITE, seller="marco"))
    verdict = judged(lead, _order(), sources=sources)
    assert [pair for pair in reasons(verdict) if pair[0] == "lead_type_mismatch"] == found
