from __future__ import annotations

import io
import json
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from leadline.common.v1 import lead_pb2 as pb
from services.cli.failure import CommandError
from services.cli.leads_file import LeadsFile, Row


def rows(content: str | bytes, name: str = "leads.csv") -> list[Row]:
    data = content.encode() if isinstance(content, str) else content
    return list(LeadsFile(io.BytesIO(data), name, len(data)).rows())


def only(content: str | bytes, name: str = "leads.csv") -> pb.Submission:
    (row,) = rows(content, name)
    assert row.submission is not None, row.fault
    return row.submission


def test_headers_are_understood_however_people_write_them() -> None:
    sent = only("\ufeffFirst Name,lname,E-Mail,ZIP,Loan Amount,vehicleYear\r\nAnn,Lee,a@b.example,78701,25000,2019\r\n")
    assert dict(sent.fields) == {
        "first_name": "Ann",
        "last_name": "Lee",
        "email": "a@b.example",
        "postal_code": "78701",
        "loan_amount": "25000",
        "vehicle_year": "2019",
    }
    assert sent.format == pb.SUBMISSION_FORMAT_CSV


def test_words_about_the_post_are_no_fields() -> None:
    sent = only(
        "order,source_url,sub_id,lead_id,submitted_at,tcpa_text,ip,xxTrustedFormCertUrl,time_on_form,test,phone\n"
        "o-1,https://x.example/a,s,m-1,2026-11-22T10:00:00+02:00,I agree,203.0.113.7,https://cert,41.5,yes,5125550100\n"
    )
    assert dict(sent.fields) == {"phone": "5125550100"}
    assert (sent.order, sent.source, sent.sub_source, sent.external_id) == ("o-1", "https://x.example/a", "s", "m-1")
    assert sent.submitted_at.ToDatetime(tzinfo=UTC) == datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
    assert (sent.consent.text, sent.consent.ip, sent.consent.certificate) == ("I agree", "203.0.113.7", "https://cert")
    assert sent.signals.seconds_on_form == 41.5
    assert sent.test
    assert sent.idempotency_key == ""


def test_empty_cells_are_not_sent() -> None:
    sent = only("first_name,city,honeypot\nAnn,,\n")
    assert dict(sent.fields) == {"first_name": "Ann"}
    assert not sent.HasField("signals")


def test_a_row_without_an_id_of_its_own_is_the_same_submission_every_time() -> None:
    first, again, other = (only(f"phone\n{phone}\n").idempotency_key for phone in ("1", "1", "2"))
    assert first == again != other
    assert first.startswith("row:")


def test_a_bad_row_is_told_by_its_line_and_does_not_end_the_file() -> None:
    found = rows('phone,submitted_at\n1,yesterday\n2\n\n"3\n3",\n4,2026-11-22T10:00:00\n')
    assert [(row.number, row.fault.split(":")[0]) for row in found] == [
        (2, "submitted_at"),
        (3, "expected 2 cells as in the header, found 1"),
        (6, ""),
        (7, "submitted_at"),
    ]


def test_json_may_be_flat_or_structured_a_list_or_lines() -> None:
    flat = {"firstName": "Ann", "zip": 78701, "consent_text": "I agree", "city": None, "has_trade_in": True}
    structured = {"lead": {"first_name": "Ann", "zip": "78701"}, "consent": {"text": "I agree"}, "external_id": "e-1"}
    for sent in (
        only(json.dumps(flat), "a.json"),
        only(json.dumps([structured]), "a.json"),
        only(json.dumps(structured) + "\n\n", "a.ndjson"),
    ):
        assert sent.fields["first_name"] == "Ann"
        assert sent.fields["postal_code"] == "78701"
        assert sent.consent.text == "I agree"
        assert sent.format == pb.SUBMISSION_FORMAT_JSON
    assert only(json.dumps(flat), "a.json").fields["has_trade_in"] == "true"


@pytest.mark.parametrize("line", ["[1]", "3", "{", '{"phone": ["1"]}', '{"lead": {"phone": {}}}'])
def test_a_line_that_is_no_lead_is_told(line: str) -> None:
    (bad, good) = rows(line + '\n{"phone": "1"}\n', "a.jsonl")
    assert bad.fault.find("expected") >= 0
    assert (bad.number, good.number, good.fault) == (1, 2, "")


@pytest.mark.parametrize(
    ("content", "name", "message"),
    [
        (b"a", "leads.xlsx", "expected a name that ends in"),
        (b"phone\n\xff\n", "leads.csv", "UTF-8"),
        (b'{"a": 1,}', "leads.json", r"leads.json:1:"),
        (b'phone\n"1', "leads.csv", "unexpected end"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(content: bytes, name: str, message: str) -> None:
    with pytest.raises(CommandError, match=message):
        rows(content, name)


@pytest.mark.parametrize("make", [lambda: "", lambda: "phone\n", lambda: "\n"])
def test_an_empty_file_has_no_rows(make: Callable[[], str]) -> None:
    assert rows(make()) == []
