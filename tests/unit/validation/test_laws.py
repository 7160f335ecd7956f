"""Laws that hold for whatever people and machines send."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.validation.fieldtypes.fieldtype import Reader
from services.validation.fieldtypes.registry import product_reader, standard_readers
from services.validation.lead import Consent, Lead, Signals
from services.validation.rules import validate
from shared.rpc.verdict import REASONS, ReceiptWriter
from tests.unit.validation.people import NAMES
from tests.unit.validation.terms import GOOD, PRODUCT, plan, reference

_QUICK = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
_REAL = {
    "first_name": [name.split(" ")[0] for name in NAMES],
    "last_name": [name.split(" ", 1)[1] for name in NAMES],
    "email": ["ann.lee@gmail.com", "Ann@Bücher.de", "o'neil+x@cs.utexas.edu"],
    "phone": ["(512) 627-4199", "+44 20 7946 1958", "512.627.4199 x5", "+1 242 322 4357"],
    "state": ["Texas", "tx", "D.C.", "N. Carolina"],
    "postal_code": ["78701", "78701-1234", "00501"],
    "date_of_birth": ["12/31/1980", "Jan 5, 1990", "1980-12-31"],
    "loan_amount": ["$25,000", "25k", "9999.99"],
    "vehicle_year": ["2019", "2,019"],
    "credit_rating": ["Good", "EXCELLENT"],
    "has_trade_in": ["Yes", "0"],
    "employer": ["Acme  Inc", "Müller & Söhne"],
    "debt_ratio": ["0.350", "3"],
    "opt_in": ["Double Opt-In", "none"],
}
_TEXT = st.text(max_size=60) | st.sampled_from([text for texts in _REAL.values() for text in texts])


@cache
def _readers() -> dict[str, Reader]:
    return {
        **{spec.name: product_reader(spec, reference()) for spec in PRODUCT.fields},
        **standard_readers(reference()),
    }


@_QUICK
@given(field=st.sampled_from(sorted(_readers())), text=_TEXT)
def test_a_canonical_value_is_its_own_canonical_form(field: str, text: str) -> None:
    read = _readers()[field]
    value = read(text).value
    if value is not None:
        again = read(value)
        assert again.value == value
        assert (again.findings == ()) == (read(text).findings == ())


@_QUICK
@given(data=st.data())
def test_white_space_and_case_do_not_make_a_valid_value_invalid(data: st.DataObject) -> None:
    field = data.draw(st.sampled_from(sorted(_REAL)))
    text = data.draw(st.sampled_from(_REAL[field]))
    before, after = (
        data.draw(st.sampled_from(["", " ", "\t", "\u00a0", "\u200b"])),
        data.draw(st.sampled_from(["", " ", "\n"])),
    )
    styles: list[Callable[[str], str]] = [str, str.upper, str.lower]
    style = data.draw(st.sampled_from(styles))
    reading = _readers()[field](before + style(text) + after)
    assert reading.value is not None, (field, style(text))
    assert reading.findings == ()


@st.composite
def _leads(draw: st.DrawFn) -> Lead:
    names = st.sampled_from([*sorted(_readers()), "zodiac"]) | st.text(max_size=8)
    times = st.none() | st.floats(allow_nan=False, min_value=-62135596800, max_value=253402300799)
    return Lead(
        seller=draw(st.sampled_from(["marco", "web", "nobody", ""])),
        fields=draw(st.dictionaries(names, _TEXT, max_size=12)),
        received_at=draw(st.floats(min_value=0, max_value=4e9)),
        source=draw(_TEXT),
        submitted_at=draw(times),
        test=draw(st.booleans()),
        consent=Consent(draw(_TEXT), draw(times), draw(_TEXT)),
        signals=Signals(draw(_TEXT), draw(st.none() | st.floats()), draw(st.none() | _TEXT)),
        candidates=draw(st.sampled_from([(), GOOD.candidates, (("gone", 1), ("marco-auto", 3))])),
    )


@_QUICK
@given(lead=_leads())
def test_every_lead_gets_a_verdict_and_a_receipt_that_agree(lead: Lead) -> None:
    verdict = validate(lead, _plan(), reference())
    told = [*verdict.findings, *(finding for candidate in verdict.candidates for finding in candidate.findings)]
    failed = [check for check in verdict.checks if not check.passed]
    assert sorted(check.reason for check in failed) == sorted(finding.reason for finding in told)
    assert {finding.reason for finding in told} <= set(REASONS)
    assert all(finding.message.startswith("Expected ") for finding in told)
    assert list(verdict.unknown_fields) == sorted(set(verdict.unknown_fields))
    assert ReceiptWriter("validation", reference().versions).write(verdict.checks, verdict.summary)


@_QUICK
@given(lead=_leads())
def test_the_clean_lead_is_clean(lead: Lead) -> None:
    """What validation made of a lead is, sent again, the same lead without faults of its fields."""
    once = validate(lead, _plan(), reference())
    again = validate(replace(lead, fields=once.fields), _plan(), reference())
    assert again.fields == once.fields
    assert again.unknown_fields == ()
    assert not [f for f in again.findings if f.reason == "field_invalid" and f.field in once.fields]


@cache
def _plan() -> Any:
    return plan()
