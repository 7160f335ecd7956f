"""ADF documents."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.gateway import examples
from services.gateway.posted import Unreadable
from tests.unit.gateway.reading import fields_at_fault, from_adf, refused


def adf(inside: str, head: str = "") -> str:
    return f"{head}<adf><prospect>{inside}</prospect></adf>"


def test_a_whole_prospect_has_every_part_in_its_place() -> None:
    lead = from_adf(examples.ADF.body)

    assert lead.external_id == "m-127"
    assert lead.source == "https://www.best-auto-loans.example/"
    assert lead.sub_source == "fb-7"
    assert lead.submitted_at == datetime(2026, 11, 22, 10, tzinfo=UTC)
    assert lead.fields == {
        "vehicle_year": "2022",
        "vehicle_make": "Honda",
        "vehicle_model": "Civic",
        "finance_method": "finance",
        "loan_amount": "25000",
        "first_name": "Marcus",
        "last_name": "Webb",
        "email": "marcus.webb@mail.example",
        "phone": "512-327-6048",
        "city": "Austin",
        "state": "TX",
        "postal_code": "78701",
        "vendor.vendorname": "Big Bank",
        "credit_rating": "good",
        "street": "40 Elm Street",
    }
    assert lead.consent is not None
    assert lead.consent.captured_at == lead.submitted_at
    assert lead.consent.ip == "203.0.113.9"
    assert lead.signals is not None
    assert lead.signals.seconds_on_form == 42


def test_the_source_is_the_providers_site_else_its_name_else_who_gave_the_id() -> None:
    named = '<id source="feed-7">1</id>'
    assert from_adf(adf(named + "<provider><name>Marco</name><url>https://m.example</url></provider>")).source == (
        "https://m.example"
    )
    assert from_adf(adf(named + "<provider><name>Marco</name></provider>")).source == "Marco"
    assert from_adf(adf(named)).source == "feed-7"


def test_a_trade_in_is_not_taken_for_the_vehicle_wanted() -> None:
    lead = from_adf(
        adf(
            '<vehicle interest="trade-in"><year>2009</year></vehicle>'
            '<vehicle interest="buy"><year>2024</year></vehicle><vehicle><year>2023</year></vehicle>'
        )
    )

    assert lead.fields == {
        "vehicle[trade-in].year": "2009",
        "vehicle_year": "2024",
        "vehicle[second].year": "2023",
    }


def test_down_payment_and_total_are_told_apart() -> None:
    amounts = '<amount type="downpayment">500</amount><amount type="total">9000</amount>'

    assert from_adf(adf(f"<vehicle><finance>{amounts}</finance></vehicle>")).fields == {
        "down_payment": "500",
        "loan_amount": "9000",
    }


def test_street_lines_are_joined_and_unknown_elements_kept() -> None:
    lead = from_adf(
        adf(
            "<customer><contact><address><street line='1'>1 Main</street><street line='2'>Rear</street>"
            "<apartment>4b</apartment></address></contact><hobby>chess</hobby></customer>"
        )
    )

    assert lead.fields == {"street": "1 Main Rear 4b", "customer.hobby": "chess"}


@pytest.mark.parametrize("time", ["2026-11-22T10:00:00-8:00", "2026-11-22T10:00:00-0800", "2026-11-22 10:00:00 -08:00"])
def test_the_times_that_adf_writers_write_are_read(time: str) -> None:
    assert from_adf(adf(f"<requestdate>{time}</requestdate>")).submitted_at == datetime(2026, 11, 22, 18, tzinfo=UTC)


def test_a_namespace_and_other_case_do_not_matter() -> None:
    inside = "<Customer><contact><Email>a@b.example</Email></contact></Customer>"

    assert from_adf(f'<ADF xmlns="urn:x"><Prospect>{inside}</Prospect></ADF>').fields == {"email": "a@b.example"}


@pytest.mark.parametrize(
    ("declared", "charset", "encoded"),
    [
        ("utf-8", "", "utf-8"),
        ("ISO-8859-1", "", "iso-8859-1"),
        ("", "iso-8859-1", "iso-8859-1"),
        ("iso-8859-1", "utf-8", "utf-8"),
        ("", "", "utf-8-sig"),
    ],
)
def test_the_declared_charset_is_used_and_the_requests_comes_first(declared: str, charset: str, encoded: str) -> None:
    head = f'<?xml version="1.0" encoding="{declared}"?>' if declared else ""
    body = adf("<customer><contact><name part='first'>José</name></contact></customer>", head).encode(encoded)

    assert from_adf(body, charset).fields == {"first_name": "José"}


@pytest.mark.parametrize("declared", ["utf-7", "utf-16", "cp037", "no-such"])
def test_another_charset_is_refused(declared: str) -> None:
    assert fields_at_fault(from_adf, f'<?xml version="1.0" encoding="{declared}"?><adf/>') == ["encoding"]


BOMB = (
    "<!DOCTYPE adf [<!ENTITY a 'aaaaaaaaaa'>"
    + "".join(f"<!ENTITY {chr(98 + n)} '{f'&{chr(97 + n)};' * 10}'>" for n in range(8))
    + "]>"
)


@pytest.mark.parametrize(
    "head",
    [
        BOMB,
        "<!DOCTYPE adf>",
        "<!DOCTYPE adf SYSTEM 'http://127.0.0.1:9/x.dtd'>",
        "<!DOCTYPE adf [<!ENTITY x SYSTEM 'file:///etc/passwd'>]>",
    ],
)
def test_a_document_type_is_refused_whatever_is_in_it(head: str) -> None:
    refusal = refused(from_adf, adf("<comments>&i;&x;</comments>", head))

    assert "passwd" not in str(refusal)


@pytest.mark.parametrize(
    ("body", "line"),
    [
        ("<adf>\n<prospect></adf>", 2),
        ("<adf", 1),
        ('<?xml version="1.0"?>\n\n<adf>&nope;</adf>', 3),
        ("\n\n<adf><a></b></adf>", 3),
    ],
)
def test_malformed_xml_is_refused_with_its_line(body: str, line: int) -> None:
    refusal = refused(from_adf, body)

    assert refusal.position is not None
    assert refusal.position.line == line
    assert "nope" not in refusal.detail


@pytest.mark.parametrize("body", ["", "<adf/>", "<lead/>", "<adf><prospect/><prospect/></adf>"])
def test_what_is_not_one_prospect_is_refused(body: str) -> None:
    refused(from_adf, body)


def test_deep_and_wide_documents_are_refused() -> None:
    refused(from_adf, adf("<a>" * 50 + "</a>" * 50))
    refused(from_adf, "<a>" * 50_000)
    refused(from_adf, adf("".join(f"<a{n}>x</a{n}>" for n in range(1000))))


_TAGS = st.sampled_from(["adf", "prospect", "customer", "contact", "name", "vehicle", "leadline", "field", "id", "x:y"])
_TREES = st.recursive(st.text(max_size=5), lambda inner: st.tuples(_TAGS, st.lists(inner, max_size=3)), max_leaves=12)


def _written(tree: Any) -> str:
    if isinstance(tree, str):
        return tree
    tag, inside = tree
    return f"<{tag}>{''.join(map(_written, inside))}</{tag}>"


@given(_TREES)
def test_any_tree_is_read_or_refused(tree: Any) -> None:
    with contextlib.suppress(Unreadable):
        from_adf(adf(_written(tree)).encode("utf-8", "surrogatepass"))


@given(st.binary(max_size=200), st.sampled_from(["", "utf-8", "iso-8859-1", "us-ascii"]))
def test_any_bytes_are_read_or_refused(body: bytes, charset: str) -> None:
    with contextlib.suppress(Unreadable):
        from_adf(body, charset)
