from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.intake.catalog.document import Document, read_document

DEMO = (Path(__file__).parents[2] / "deploy" / "demo" / "catalog.yaml").read_text()
CATALOG = (Path(__file__).parents[1] / "big_bank.yaml").read_text()


def catalog_with(old: str, new: str) -> str:
    assert old in CATALOG
    return CATALOG.replace(old, new, 1)


def faults(document: Document) -> dict[str, str]:
    return {fault.field: fault.message for fault in document.faults}


@pytest.mark.parametrize("text", [CATALOG, DEMO])
def test_a_good_catalog_is_without_fault(text: str) -> None:
    document = read_document(text)
    assert document.faults == ()
    assert document.buyer_id == "big-bank"
    assert document.catalog is not None
    assert next(order.slug for order in document.catalog.orders) == "marco-auto-2026"


def test_values_mean_what_they_look_like() -> None:
    document = read_document(catalog_with('name: "Auto loans, Eastern desk"', "name: on"))
    assert document.catalog is not None
    assert document.catalog.teams[0].name == "on"
    assert document.catalog.orders[2].geography.exclude_postal_codes == ("787",)


def test_an_order_may_ask_for_an_age_though_no_form_asks_it() -> None:
    old = "- {field: loan_amount, minimum: 5000, maximum: 100000}"
    text = catalog_with(old, f"{old}\n      - {{field: age, minimum: 18}}")
    assert read_document(text).faults == ()


def test_every_fault_is_told_at_once_in_the_order_of_the_text_with_its_place() -> None:
    text = CATALOG.replace("seller: leadriver, state: paused", "seller: leadrivr, state: pausd")
    text = text.replace("    priority: 900\n", "    priorty: 900\n").replace("[CA, AZ,", "[XX, AZ,")
    document = read_document(text)
    assert document.catalog is None
    lines = text.splitlines()
    told = [(fault.field, lines[fault.line - 1][fault.column - 1 :].split(",")[0]) for fault in document.faults]
    assert told == [
        ("sources[7].seller", "leadrivr"),
        ("sources[7].state", "pausd}"),
        ("orders[1].priorty", "priorty: 900"),
        ("orders[4].geography.states[0]", "XX"),
    ]


@pytest.mark.parametrize(
    ("old", "new", "field", "message"),
    [
        (
            "name: employer, type: text",
            "name: employer, type: ssn, minimum: 1",
            "products[0].fields[7].minimum",
            "is of type ssn",
        ),
        (
            "name: employer, type: text",
            "name: employer, type: gender, choices: [m, f]",
            "products[0].fields[7].choices",
            "is of type gender",
        ),
        (
            "name: employer, type: text",
            "name: employer, type: rang",
            "products[0].fields[7].type",
            "did you mean `range`?",
        ),
        (
            "choices: [own, rent, other]",
            "choices: [own, rent, other], synonyms: [{choice: won, words: [owner]}]",
            "products[0].fields[10].synonyms[0].choice",
            "did you mean `own`?",
        ),
        (
            "choices: [own, rent, other]",
            "choices: [own, rent, other], synonyms: [{choice: own, words: [Rent]}]",
            "products[0].fields[10].synonyms[0].words[0]",
            "already a choice",
        ),
        *(
            (
                "contact_email: leads@marco-media.example",
                f"webhook_url: {url}",
                "sellers[0].webhook_url",
                "expected an https:// URL",
            )
            for url in (
                "http://marco-media.example/hook",
                "ftp://marco-media.example",
                "marco-media.example/hook",
                "https://user:word@marco-media.example",
                '"https://a.example/#x"',
                '"https://a b.example/"',
                "https://",
                "https://a.example:99999/",
            )
        ),
        ("priority: 900", "priorty: 900", "orders[1].priorty", "did you mean `priority`?"),
        ("window: week", "window: weak", "orders[3].caps[0].window", "did you mean `week`?"),
        ("seller: quickquote}", "seller: quikquote}", "sources[3].seller", "did you mean `quickquote`?"),
        ("slug: auto-west,", "slug: auto-east,", "teams[1].slug", "already the name of teams[0]"),
        ("priority: 900", "priority: 900\n    priority: 1", "orders[1].priority", "already given on line"),
        ("    product: auto-loan\n    priority: 900", "    priority: 900", "orders[1].product", "is missing"),
        (
            "    product: auto-loan\n    priority: 900",
            "    product: boat\n    priority: 900",
            "orders[1].product",
            "no product",
        ),
        ("playbook: own-site", "playbook: own", "orders[5].follow_up.playbook", "no playbook `own`"),
        ("{digital: 1}", "{digitl: 1}", "orders[5].follow_up.teams.digitl", "did you mean `digital`?"),
        ("{digital: 1}", "{digital: 0}", "orders[5].follow_up.teams.digital", "1 or more"),
        ("disclosures: [big-bank-tcpa-2026]", "disclosures: [no]", "orders[5].consent.disclosures[0]", "no disclosure"),
        (
            "disclosures: [big-bank-tcpa-2026]",
            "disclosures: [marco-tcpa-2026]",
            "orders[5].consent.disclosures[0]",
            "is not for seller `big-bank-web`",
        ),
        ("sources: [drive-today.example]", "sources: [x.example]", "orders[1].sources[0]", "there is no source"),
        ("sources: [drive-today.example]", "sources: [leadriver.example]", "orders[1].sources[0]", "belongs to seller"),
        (
            "{field: vehicle_year, minimum: 2014}",
            "{field: vehicle_yeer, minimum: 2014}",
            "orders[4].criteria[1].field",
            "vehicle_year",
        ),
        (
            "minimum: 7500, maximum: 90000",
            "minimum: 90001, maximum: 90000",
            "orders[4].criteria[2].minimum",
            "above the maximum",
        ),
        ("one_of: [refinance, lease_buyout]", "one_of: [refinace]", "orders[4].criteria[0].one_of[0]", "`refinance`?"),
        (
            "required_fields: [first_name, last_name, email, phone, postal_code]",
            "required_fields: [fone]",
            "orders[5].required_fields[0]",
            "`phone`?",
        ),
        ("long_form: [loan_amount,", "long_form: [loan_amnt,", "products[0].long_form[0]", "`loan_amount`?"),
        (
            "starts_on: 2026-01-01\n    sources: [drive",
            "starts_on: 2026-01-32\n    sources: [drive",
            "orders[1].starts_on",
            "a date such as",
        ),
        (
            "starts_on: 2026-01-01\n    sources: [drive",
            "starts_on: 2026-01-02\n    ends_on: 2026-01-01\n    sources: [drive",
            "orders[1].ends_on",
            "ends before it starts",
        ),
        ('- {amount: "12.00"}', '- {amount: "12.0"}', "orders[1].prices[0].amount", 'such as "32.00"'),
        ('- {amount: "12.00"}', "- {amount: -1}", "orders[1].prices[0].amount", 'such as "32.00"'),
        ('- {amount: "12.00"}', '- {amount: "0.00"}', "orders[1].prices[0].amount", "at least"),
        ('    prices:\n      - {amount: "12.00"}\n', "", "orders[1].prices", "needs what its leads pay"),
        ("    priority: 1\n", '    priority: 1\n    prices: [{amount: "1.00"}]\n', "orders[5].prices", "have no price"),
        ('- {form: long, amount: "14.00"}', "", "orders[2].prices", "long form has no price in some states"),
        (
            "lead: {exclusivity: exclusive, forms: [long, short]}",
            "lead: {forms: []}",
            "orders[1].lead.forms",
            "buys nothing",
        ),
        ("{window: day, leads: 5}", "{window: day}", "orders[1].caps[0]", "`leads`, `spend` or both"),
        ("{window: day, leads: 5}", "{window: day, leads: yes}", "orders[1].caps[0].leads", "a whole number"),
        ("time_zone: America/Chicago", "time_zone: America/Chicgo", "orders[3].schedule.time_zone", "no time zone"),
        ("time_zone: America/New_York", "time_zone: ../etc/passwd", "buyer.time_zone", "no time zone"),
        ('{day: tue, opens: "08:00"', '{day: tue, opens: "19:00"', "orders[3].schedule.hours[2]", "overlaps tue 19:00"),
        ('{day: tue, opens: "08:00"', '{day: tue, opens: "18:00"', "orders[3].schedule.hours[1]", "closes as it opens"),
        ("    priority: 900", "    pacing: {even: true, minimum: 1}", "orders[1].pacing.minimum", "minimum_seconds"),
        (
            "{window: day, leads: 5}",
            "{window: hour, leads: 5}\n    pacing: {even: true}",
            "orders[1].pacing.even",
            "day",
        ),
        (
            "    priority: 900",
            '    price_rules: [{name: a, add: "1.00", percent: 5}]',
            "orders[1].price_rules[0]",
            "exactly one of",
        ),
        (
            "    priority: 900",
            '    price_rules: [{name: a, add: "1.00", field: email, one_of: [x]}]',
            "orders[1].price_rules[0].field",
            "fields of product",
        ),
        (
            "    priority: 900",
            "    price_rules: [{name: a, percent: 5, field: loan_amount, minimum: 9, maximum: 8.5}]",
            "orders[1].price_rules[0].minimum",
            "above the maximum",
        ),
        (
            "    priority: 900",
            "    price_rules: [{name: a, percent: 5, field: loan_amount, minimum: much}]",
            "orders[1].price_rules[0].minimum",
            "a number",
        ),
        (
            "    priority: 900",
            '    price_floor: "5.00"\n    price_ceiling: "4.99"',
            "orders[1].price_floor",
            "above the ceiling",
        ),
        (
            "sources: [drive-today.example]",
            "sources: [{site: drive-today.exmple}]",
            "orders[1].sources[0].site",
            "did you mean `drive-today.example`",
        ),
        (
            "sources: [drive-today.example]",
            'sources: [{site: drive-today.example, blocked: true, price: "1.00"}]',
            "orders[1].sources[0]",
            "sells nothing",
        ),
        (
            "sources: [drive-today.example]",
            "sources: [{site: drive-today.example, caps: [{window: day}]}]",
            "orders[1].sources[0].caps[0]",
            "`leads`, `spend` or both",
        ),
        (
            "time_zone: America/Chicago",
            "holidays: us-fedral",
            "orders[3].schedule.holidays",
            "did you mean `us-federal`",
        ),
        (
            '{day: tue, opens: "08:00"',
            '{day: mon, opens: "17:59"',
            "orders[3].schedule.hours[1]",
            "overlaps 08:00-18:00",
        ),
        ("states: [TX, IL, TN, AL]", "states: [tx]", "orders[3].geography.states[0]", "a USPS code"),
        ("states: [TX, IL, TN, AL]", "states: [TX, TX]", "orders[3].geography.states[1]", "already in this list"),
        (
            "states: [TX, IL, TN, AL]",
            "states: [TX]\n      exclude_states: [TX]",
            "orders[3].geography.exclude_states[0]",
            "wanted and excluded",
        ),
        ("{name: employer, type: text", "{name: phone, type: text", "products[0].fields[7].name", "standard field"),
        (
            "minimum: 1980, maximum: 2030",
            "minimum: 2031, maximum: 2030",
            "products[0].fields[2].minimum",
            "above the maximum",
        ),
        ("choices: [own, rent, other]", "minimum: 1", "products[0].fields[10].choices", "needs its `choices`"),
        ("{first_name}, welcome", "{frist_name}, welcome", "templates[2].subject", "{first_name}"),
        ("own: true", "own: yes", "sellers[3].own", "true or false"),
        ("{site: drive-today.example", "{site: www.drive.example", "sources[1].site", "without `www.`"),
        ("  currency: USD", "  currency: BTC", "buyer.currency", "one of CAD, EUR, GBP, USD"),
        ("{minimum_seconds_on_form: 5}", "{threshold: 101}", "orders[0].bots.threshold", "from 1 to 100"),
        ("{minimum_seconds_on_form: 5}", "{threshold: 0}", "orders[0].bots.threshold", "from 1 to 100"),
        (
            "{minimum_seconds_on_form: 5}",
            "{refuse_networks: [vpn]}",
            "orders[0].bots.refuse_networks[0]",
            "data_centre",
        ),
        (
            "bots: {minimum_seconds_on_form: 5}",
            "bots: {refuse_networks: [tor, tor]}",
            "orders[0].bots.refuse_networks[1]",
            "already in this list",
        ),
        (
            "bots: {minimum_seconds_on_form: 5}",
            "velocity: {people_per_ip_hour: 50, people_per_ip_day: 50}",
            "orders[0].velocity.people_per_ip_hour",
            "never reached",
        ),
        ("    priority: 900", "    version: 7", "orders[1].version", "given by Leadline"),
    ],
)
def test_a_fault_names_its_field_and_what_was_expected(old: str, new: str, field: str, message: str) -> None:
    found = faults(read_document(catalog_with(old, new)))
    assert message in found.get(field, f"no fault at {field}, but at {found}")


def test_nothing_is_said_of_what_could_not_be_read() -> None:
    text = catalog_with('- {amount: "12.00"}', "- {amount: much}").replace("name: Auto loan\n", "nme: Auto loan\n")
    assert set(faults(read_document(text))) == {"products[0].name", "products[0].nme", "orders[1].prices[0].amount"}


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("", 0, "empty"),
        ("# only a comment", 0, "empty"),
        ("- a", 1, "expected a catalog"),
        ("buyer: [", 2, "not YAML"),
        ("buyer:\n\tslug: a", 2, "tab"),
        ("a: b: c", 1, "mapping values are not allowed"),
        ("a: b\n---\nc: d", 2, "another document"),
        ("a: \x00", 1, "control characters"),
        ("a: \ud800", 0, "Unicode"),
        ("a: &x [1]\nb: *x", 1, "anchors"),
        ("a: !!python/object:os.system b", 1, "tags"),
        ("[" * 100_000, 1, "nest"),
        ("a: " + "{" * 5_000, 1, "nest"),
        ("x" * (1 << 20) + "x", 0, "1 MiB"),
        ("a: [" + "1," * 200_000 + "]", 1, "more than"),
        ("orders: [" + "{}," * 30_000 + "]", 1, "`buyer` is missing"),
    ],
)
def test_a_document_that_is_no_catalog_or_means_harm_is_refused(text: str, line: int, message: str) -> None:
    document = read_document(text)
    assert document.catalog is None
    assert message in document.faults[0].message
    assert document.faults[0].line == line


@settings(deadline=None, max_examples=200)
@given(st.text(max_size=200) | st.text(alphabet="buyerslg:-[]{}&*!|>'\"#? \n\t,01", max_size=200))
def test_any_text_gives_faults_and_never_an_exception(text: str) -> None:
    document = read_document(text)
    assert document.catalog is None
    assert document.faults


@settings(deadline=None, max_examples=100)
@given(st.integers(0, len(CATALOG)), st.integers(0, 40), st.text(max_size=10))
def test_a_damaged_catalog_is_either_whole_or_has_faults(start: int, length: int, text: str) -> None:
    document = read_document(CATALOG[:start] + text + CATALOG[start + length :])
    assert (document.catalog is None) == bool(document.faults)
    assert all(fault.line >= 0 and fault.message for fault in document.faults)
