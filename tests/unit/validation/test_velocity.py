from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.validation.bots.network import consumer_network
from services.validation.lead import Lead, Signals
from services.validation.rules import validate
from services.validation.velocity.sightings import NOT_KNOWN, Sightings, pattern_signs
from services.validation.velocity.traces import RECORD_BYTES, Tracer
from services.validation.verdict import Verdict
from shared.catalog.terms import Order, VelocityTerms
from tests.unit.validation.terms import GOOD, ORDER, lead_with, plan, reasons, reference

TRACER = Tracer("secret")


def _order(**changes: Any) -> Order:
    fields = {name: getattr(ORDER, name) for name in ORDER.__struct_fields__}
    return Order(**{**fields, "velocity": VelocityTerms(**changes)})


def _judged(seen: Sightings, order: Order = ORDER, lead: Lead = GOOD) -> Verdict:
    return validate(lead, plan(order), reference(), seen)


class _Record:
    """A record taken apart: what names each detail, and with whom it came."""

    def __init__(self, lead: Lead, tracer: Tracer = TRACER) -> None:
        self.whole = tracer.record(lead)
        assert len(self.whole) == RECORD_BYTES
        details = [self.whole[at : at + 16] for at in range(8, 72, 16)]
        names = ("phone", "email", "device", "ip")
        self.keys = {name: detail[:10] for name, detail in zip(names, details, strict=True) if any(detail)}
        self.people = {name: detail[10:] for name, detail in zip(names, details, strict=True) if any(detail)}


@pytest.mark.parametrize(
    ("seen", "field"),
    [
        (Sightings(True, phone_day=6), "phone"),
        (Sightings(True, email_day=6), "email"),
        (Sightings(True, device_day=11), "signals.device_id"),
        (Sightings(True, ip_hour=61, ip_day=61), "consent.ip"),
        (Sightings(True, ip_hour=2, ip_day=241), "consent.ip"),
    ],
)
def test_a_detail_that_too_many_people_share_is_a_reason(seen: Sightings, field: str) -> None:
    assert reasons(_judged(seen)) == [("velocity", field)]


@pytest.mark.parametrize(
    "seen",
    [
        NOT_KNOWN,
        Sightings(True, 1, 1, 1, 1, 1, 1, 1, 1, 1),
        # A family of five on one phone, a household's tablet, a campus.
        Sightings(True, phone_day=5, email_day=5),
        Sightings(True, device_day=10),
        Sightings(True, ip_hour=60, ip_day=240, source=32, same_answers=3, same_seconds=4, burst=31),
        # A form that sends the same answers and times for all: odd, and not enough.
        Sightings(True, ip_hour=40, source=32, same_answers=32, same_seconds=32, burst=32),
    ],
)
def test_what_people_share_is_no_reason(seen: Sightings) -> None:
    assert reasons(_judged(seen)) == []


def test_the_terms_are_the_orders_and_0_switches_a_count_off() -> None:
    seen = Sightings(True, phone_day=4, ip_hour=400, ip_day=400)
    assert reasons(_judged(seen, _order(people_per_phone_day=3, people_per_ip_hour=0, people_per_ip_day=0))) == [
        ("velocity", "phone")
    ]
    assert reasons(_judged(seen, _order(people_per_ip_hour=0, people_per_ip_day=0))) == []


def test_a_number_that_cannot_be_used_is_not_told_to_be_shared_as_well() -> None:
    verdict = _judged(Sightings(True, phone_day=60), lead=lead_with(phone="555-555-5555"))
    assert [reason for reason, _ in reasons(verdict)] == ["phone_fake"]


def test_what_is_not_known_is_told_and_harms_nobody() -> None:
    checks = {check.rule: check for check in _judged(NOT_KNOWN).checks}
    assert (checks["velocity.known"].passed, checks["velocity.known"].observed) == (True, "not known")
    tested = {check.rule: check for check in _judged(NOT_KNOWN, lead=replace(GOOD, test=True)).checks}
    assert tested["velocity.known"].observed == "not counted: a test"


def test_the_receipt_tells_counts_and_thresholds_but_no_exact_crowd() -> None:
    checks = {check.rule: check for check in _judged(Sightings(True, phone_day=2, email_day=17)).checks}
    assert (checks["velocity.phone"].observed, checks["velocity.phone"].expected) == ("2 people", "at most 5 people")
    assert (checks["velocity.email"].observed, checks["velocity.email"].passed) == ("more than 5", False)
    assert "velocity.device" not in checks


@pytest.mark.parametrize(
    ("seen", "names"),
    [
        (Sightings(True, source=32, same_answers=6), ["same_answers"]),
        (Sightings(True, source=32, same_seconds=16), ["same_seconds"]),
        (Sightings(True, source=19, same_seconds=19), []),
        (Sightings(True, source=32, burst=32), ["burst"]),
        (Sightings(True, ip_hour=20, device_day=5), ["crowded_address", "shared_device"]),
        (Sightings(False, 9, 9, 9, 99, 99, 32, 32, 32, 32), []),
    ],
)
def test_company_that_a_program_keeps_is_a_sign(seen: Sightings, names: list[str]) -> None:
    assert [sign.name for sign in pattern_signs(seen)] == names


def test_the_same_lead_leaves_the_same_record_but_for_its_time() -> None:
    again = replace(GOOD, received_at=GOOD.received_at + 60, fields=dict(reversed(list(GOOD.fields.items()))))
    assert _Record(GOOD).whole[4:] == _Record(again).whole[4:]
    assert _Record(GOOD).whole == _Record(GOOD).whole


@pytest.mark.parametrize(
    "fields",
    [
        {"phone": "+1 512 627 4199", "email": " Ann.Lee@GMAIL.com "},
        {"phone": "15126274199", "first_name": "ANN", "last_name": "lee"},
        {"first_name": None, "last_name": None, "full_name": "Ann Lee"},
    ],
)
def test_one_person_spelled_in_two_ways_is_one(fields: dict[str, str | None]) -> None:
    one, other = _Record(GOOD), _Record(lead_with(**fields))
    assert (one.keys, one.people) == (other.keys, other.people)


def test_another_person_with_the_same_phone_is_another() -> None:
    one, other = _Record(GOOD), _Record(lead_with(first_name="Bob", email="bob@gmail.com"))
    assert one.keys["phone"] == other.keys["phone"]
    assert one.people["phone"] != other.people["phone"]
    assert one.keys["email"] != other.keys["email"]
    mailed = _Record(lead_with(email="second@gmail.com"))
    assert mailed.people["phone"] not in (one.people["phone"], other.people["phone"])


def test_a_detail_that_is_absent_leaves_no_trace() -> None:
    assert _Record(replace(GOOD, fields={}, signals=Signals())).keys == {}
    assert _Record(lead_with(phone="N/A", email="none")).keys == {}
    assert set(_Record(GOOD).keys) == {"phone", "email"}
    everything = replace(
        GOOD, signals=replace(GOOD.signals, device_id="d"), consent=replace(GOOD.consent, ip="73.162.1.2")
    )
    assert set(_Record(everything).keys) == {"phone", "email", "device", "ip"}


def test_nobody_can_read_a_record_and_another_install_makes_others() -> None:
    record = _Record(GOOD)
    for secret in (b"5126274199", b"ann", b"lee", b"gmail"):
        assert secret not in record.whole
    other = _Record(GOOD, Tracer("other"))
    assert set(record.keys.values()).isdisjoint(other.keys.values())


@pytest.mark.parametrize(
    ("text", "network"),
    [
        ("73.162.1.2", b"\x49\xa2\x01\x02"),
        ("73.162.1.2:443", b"\x49\xa2\x01\x02"),
        ("::ffff:73.162.1.2", b"\x49\xa2\x01\x02"),
        ("2601:640:1:2:3:4:5:6", bytes.fromhex("2601064000010002")),
        ("2601:640:1:2::9", bytes.fromhex("2601064000010002")),
        ("10.0.0.1", b""),
        ("100.64.3.4", b""),
        ("127.0.0.1", b""),
        ("192.168.0.4", b""),
        ("203.0.113.9", b""),
        ("198.51.100.7", b""),
        ("2001:db8::1", b""),
        ("fe80::1", b""),
        ("::1", b""),
        ("", b""),
        ("n/a", b""),
    ],
)
def test_an_address_counts_as_a_consumers_network(text: str, network: bytes) -> None:
    assert consumer_network(text) == network


@given(
    st.dictionaries(st.sampled_from(["phone", "email", "first_name", "full_name", "x"]), st.text()),
    st.text(),
    st.text(),
)
def test_no_lead_is_too_odd_to_leave_traces(fields: dict[str, str], ip: str, device: str) -> None:
    lead = Lead(
        seller="marco",
        fields=fields,
        received_at=1e9,
        source=ip,
        consent=replace(GOOD.consent, ip=ip),
        signals=Signals(device_id=device, seconds_on_form=1e308),
    )
    assert len(TRACER.record(lead)) == RECORD_BYTES
