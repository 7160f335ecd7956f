"""Laws of every simple type, over the clerk's real-world inputs and over noise."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.clerk import corpus
from tests.unit.validation.asking import ask, reader

KINDS = ("boolean", "certificate_url", "date", "date_of_birth", "gender", "integer", "ip", "money", "number", "range",
         "ssn", "text", "url")  # fmt: skip
SENT = {kind: [case.value for case in corpus.cases(kind)] for kind in KINDS}
#: What people's keyboards, phones and copied cells add.
BEFORE = ("", " ", "\t", "\u00a0", "\u200b", "\ufeff", "\n", "\u2066")
AFTER = ("", " ", "  ", "\n", "\r\n", "\u00a0", "\u200e", "\u2069")
#: Types whose letters mean the same in any case; the path of a URL and a free text do not.
ANY_CASE = ("boolean", "date", "date_of_birth", "gender", "integer", "ip", "money", "number", "range", "ssn")
_QUICK = settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
_ALPHABET = "0123456789 -–/.,:;$€%+()kKmM'\"<>abcdeftony@#\u200b½٣５"


@pytest.mark.parametrize("kind", KINDS)
def test_a_canonical_value_is_its_own_canonical_form(kind: str) -> None:
    for text in SENT[kind]:
        once = ask(kind, text)
        if once.value is not None:
            again = ask(kind, once.value)
            assert (again.value, again.valid) == (once.value, once.valid)


@example(kind="range", text='"')
@_QUICK
@given(kind=st.sampled_from(KINDS), text=st.text(max_size=50) | st.text(alphabet=_ALPHABET, max_size=25))
def test_noise_is_read_missing_or_faulty_and_never_raises(kind: str, text: str) -> None:
    found = ask(kind, text)
    assert found.missing + bool(found.faults) + (found.value is not None) == 1
    if found.value is not None:
        assert ask(kind, found.value).value == found.value
    assert all(fault.message.startswith("Expected ") for fault in found.faults)


@_QUICK
@given(data=st.data())
def test_what_keyboards_and_copied_cells_add_changes_nothing(data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(KINDS))
    text = data.draw(st.sampled_from(SENT[kind]))
    styles = (text, text.upper(), text.lower()) if kind in ANY_CASE else (text,)
    styled = data.draw(st.sampled_from(styles))
    around = data.draw(st.sampled_from(BEFORE)) + styled + data.draw(st.sampled_from(AFTER))
    before, after = reader(kind)(text), reader(kind)(around)
    assert after.value == before.value, repr(around)
    assert bool(after.findings) == bool(before.findings), repr(around)


@pytest.mark.parametrize("kind", ["date_of_birth", "ip", "ssn"])
def test_no_finding_repeats_what_was_sent_of_a_person(kind: str) -> None:
    for text in SENT[kind]:
        said = str(ask(kind, text).faults)
        assert len(text) < 5 or text not in said
