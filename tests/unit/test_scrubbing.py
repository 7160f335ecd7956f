"""Social Security numbers leave a submission before anything keeps it, in whatever encoding they came."""

from __future__ import annotations

import html
import json
import re
from urllib.parse import quote, unquote_to_bytes, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.sensitive.scrubbing import WITHHELD, is_sensitive, scrub, scrub_text

SSN = "512-62-7419"
MASKED = "***-**-7419"
NAMES = [
    "ssn",
    "SSN",
    "applicant_ssn",
    "co-applicant-ssn",
    "applicantSSN",
    "ssnNumber",
    "ssn_number",
    "social_security_number",
    "socialSecurityNumber",
    "Social Security Number",
    "social_security",
    "social",
    "ss_number",
    "ssnum",
    "itin",
    "taxpayer_id",
    "tax_id",
    "borrower.ssn",
    "ssn_full",
    "customer.id[ssn]",
    "ssn2",
    "ss_no",
]
OTHER_NAMES = [
    "session",
    "social_media",
    "phone",
    "email",
    "postal_code",
    "assn_name",
    "tint",
    "passname",
    "loan_amount",
    "social_handle",
    "mission",
    "user_id",
    "lead_id",
    "tinder",
    "martin",
    "classnumber_x",
    "session_number",
    "dissnames",
]
BODIES = {
    "JSON text": b'{"ssn": "512-62-7419", "zip": "78701"}',
    "JSON number": b'{"ssn": 512627419, "zip": "78701"}',
    "JSON number with a fraction": b'{"ssn":512627419.0,"zip":"78701"}',
    "JSON in a list": b'{"field_data": [{"name": "ssn", "values": [512627419]}]}',
    "JSON escapes": b'{"ssn": "\\u0035\\u0031\\u0032-62-7419"}',
    "JSON escaped hyphens": b'{"ssn": "512\\u002d62\\u002d7419"}',
    "JSON wide digits": '{"ssn": "５１２-６２-７４１９"}'.encode(),
    "JSON long dashes": '{"ssn": "512–62–7419"}'.encode(),
    "form": b"ssn=512-62-7419&zip=78701",
    "form with blanks": b"zip=78701&ssn=512+62+7419",
    "form with escapes": b"ssn=%35%31%32%2D62%2D7419&zip=78701",
    "form with an escaped blank before": b"ssn=%20512627419%20&zip=78701",
    "form with escaped blanks": b"ssn=512%2062%207419",
    "form with wide digits": ("ssn=" + quote("５１２６２７４１９")).encode(),
    "XML": b"<adf><prospect><field name='ssn'>512-62-7419</field></prospect></adf>",
    "XML entities": b"<field name='ssn'>&#53;12-62-741&#x39;</field>",
    "XML lines": b"<field name='ssn'>\n  512-62-7419\n</field>",
    "XML attribute": b'<id source="512-62-7419"/>',
    "dots": b'{"ssn": "512.62.7419"}',
}


def loosely(payload: bytes) -> str:
    """Digits alone, every escape undone."""
    plain = re.sub(rb"\\u([0-9a-fA-F]{4})", lambda code: chr(int(code[1], 16)).encode(), payload)
    return re.sub(r"\D", "", html.unescape(unquote_to_bytes(plain).decode()))


@pytest.mark.parametrize("name", NAMES)
def test_a_field_is_known_by_its_name(name: str) -> None:
    assert is_sensitive(name)


@pytest.mark.parametrize("name", OTHER_NAMES)
def test_other_names_are_left_alone(name: str) -> None:
    assert not is_sensitive(name)


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_the_body_keeps_four_digits_in_every_encoding(body: bytes) -> None:
    scrubbed = scrub({"ssn": SSN, "zip": "78701"}, body)
    assert scrubbed.fields == {"ssn": MASKED}
    assert "51262" not in loosely(scrubbed.payload)
    assert MASKED.encode() in scrubbed.payload
    assert (b"78701" in scrubbed.payload) == (b"78701" in body)


@pytest.mark.parametrize("name", ["JSON text", "JSON number", "JSON number with a fraction", "JSON in a list"])
def test_a_json_body_stays_json(name: str) -> None:
    masked = json.loads(scrub({"ssn": "512627419"}, BODIES[name]).payload)
    assert MASKED in json.dumps(masked)


def test_a_body_whose_number_cannot_be_found_for_certain_is_withheld() -> None:
    body = b'{"ssn": "512 \\u0061nd 62 and 7419"}'
    assert scrub({"ssn": "512 and 62 and 7419"}, body).payload == WITHHELD


def test_a_number_in_free_text_is_found_by_its_shape() -> None:
    body = urlencode({"comments": "call me, ssn 512-62-7419", "zip": "78701"}).encode()
    scrubbed = scrub({"comments": "call me, ssn 512-62-7419", "zip": "78701"}, body)
    assert scrubbed.fields == {"comments": f"call me, ssn {MASKED}"}
    assert b"512-62" not in scrubbed.payload


def test_a_number_that_only_the_body_holds_is_found() -> None:
    scrubbed = scrub({"zip": "78701"}, b"<adf><!-- 512-62-7419 --><zip>78701</zip></adf>")
    assert scrubbed.payload == b"<adf><!-- ***-**-7419 --><zip>78701</zip></adf>"


def test_a_number_is_taken_out_of_every_other_field() -> None:
    fields = {"ssn": SSN, "customer_key": "K-512627419", "note": "512 62 7419", "other": "1512627419"}
    assert scrub(fields, b"").fields == {"ssn": MASKED, "customer_key": f"K-{MASKED}", "note": MASKED}


def test_a_field_is_masked_by_its_type_whatever_its_name() -> None:
    assert scrub({"applicant_number": "512627419"}, b"", typed={"applicant_number"}).fields == {
        "applicant_number": MASKED
    }
    assert scrub({"applicant_number": "512627419"}, b"").fields == {}


def test_two_numbers_in_one_field_both_go() -> None:
    both = "512-62-7419 / 513-62-7420"
    scrubbed = scrub({"ssn": both}, json.dumps({"ssn": both}).encode())
    assert not re.search("51[23]", scrubbed.payload.decode() + str(scrubbed.fields))


def test_texts_beside_the_fields_are_scrubbed_with_what_was_found() -> None:
    found = scrub({"a": "b"}, b"", also=("m-512-62-7419", "page?ssn=512-62-7419")).found
    assert scrub_text("page?ssn=512-62-7419", found) == f"page?ssn={MASKED}"


@pytest.mark.parametrize(
    "fields",
    [{"phone": "(512) 627-4199", "postal_code": "78701-1234", "date": "2026-11-22", "vin": "1FTFW1ET5DFC10312"},
     {"ssn": "", "zip": "78701"}, {"ssn": "N/A"}, {"ssn": "7419"}, {"ssn": "refused"}, {"ssn": MASKED},
     {"tracking": "123-45-67890", "uuid": "0190b2c4-4512-62a7-4190-123412341234", "account": "512627419"}],
)  # fmt: skip
def test_a_lead_without_a_number_is_kept_as_it_came(fields: dict[str, str]) -> None:
    body = json.dumps(fields).encode()
    scrubbed = scrub(fields, body)
    assert scrubbed.fields == {}
    assert scrubbed.payload is body


@given(
    number=st.from_regex(r"[1-57]\d{2}[1-9]\d[1-9]\d{3}", fullmatch=True).filter(lambda text: text.isascii()),
    style=st.sampled_from(["{0}-{1}-{2}", "{0} {1} {2}", "{0}{1}{2}", "{0}.{1}.{2}", "SSN {0}-{1}-{2}", "{0}–{1} {2}"]),
    encode=st.sampled_from([
        lambda text: json.dumps({"ssn": text, "zip": "78701"}).encode(),
        lambda text: json.dumps({"ssn": text}, ensure_ascii=False).encode(),
        lambda text: urlencode({"zip": "78701", "ssn": text}).encode(),
        lambda text: f"<field name='ssn'>{text}</field>".encode(),
        lambda text: f"<field>{''.join(f'&#{ord(sign)};' for sign in text)}</field>".encode(),
        lambda text: ("ssn=" + "".join(f"%{byte:02x}" for byte in text.encode())).encode(),
    ]),
)  # fmt: skip
def test_no_encoding_keeps_a_number(number: str, style: str, encode: object) -> None:
    text = style.format(number[:3], number[3:5], number[5:])
    scrubbed = scrub({"ssn": text}, encode(text))  # type: ignore[operator]
    assert number not in loosely(scrubbed.payload)
    assert number[:5] not in re.sub(r"\D", "", scrubbed.fields["ssn"])
    again = scrub({"ssn": scrubbed.fields["ssn"]}, scrubbed.payload)
    assert again == ({}, scrubbed.payload, {})
