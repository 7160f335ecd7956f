"""What names mean."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.gateway.aliases import CONTROLS, FIELDS, meaning
from services.gateway.posted import NAME_CHARACTERS, Unreadable
from tests.unit.gateway.reading import refused


@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("firstName", "first_name"),
        ("First-Name", "first_name"),
        ("FNAME", "first_name"),
        ("zip", "postal_code"),
        ("ZIP Code", "postal_code"),
        ("monthlyRent", "monthly_rent"),
        ("Years at job", "years_at_job"),
        ("vehicle[trade-in].year", "vehicle[trade-in].year"),
        ("Prénom", "Prénom"),
        ("amount", "amount"),
    ],
)
def test_a_field_goes_by_its_canonical_name(name: str, field: str) -> None:
    assert meaning(name) == ("", field)


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("xxTrustedFormCertUrl", "consent.certificate"),
        ("universal_leadid", "consent.certificate"),
        ("leadid_token", "consent.certificate"),
        ("TCPA_Text", "consent.text"),
        ("ipAddress", "consent.ip"),
        ("sub-id", "sub_source"),
        ("google_key", "access_key"),
        ("order", "order"),
    ],
)
def test_a_control_word_goes_by_its_canonical_name(name: str, word: str) -> None:
    assert meaning(name)[0] == word


def test_no_name_means_two_things() -> None:
    def squashed(words: tuple[str, ...]) -> list[str]:
        return [word.replace("_", "").replace(".", "") for word in words]

    everything = [squashed((word, *also)) for table in (CONTROLS, FIELDS) for word, also in table.items()]
    names = [name for group in everything for name in set(group)]
    assert len(names) == len(set(names))


def test_a_canonical_name_means_itself() -> None:
    assert all(meaning(word)[0] == word for word in CONTROLS)
    assert all(meaning(word) == ("", word) for word in FIELDS)


@pytest.mark.parametrize("name", ["", "x" * (NAME_CHARACTERS + 1), "a\nb", "a\0b"])
def test_an_unusable_name_is_refused(name: str) -> None:
    refused(meaning, name)


@given(st.text(max_size=120))
def test_a_name_made_canonical_stays_so(name: str) -> None:
    try:
        _, field = meaning(name)
    except Unreadable:
        return
    assert meaning(field)[1] == field


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("timeOnPage", "signals.seconds_on_form"),
        ("signals.time_on_page", "signals.seconds_on_form"),
        ("signals.userAgent", "signals.user_agent"),
        ("mouseMovements", "signals.pointer_events"),
        ("navigator.webdriver", "signals.webdriver"),
        ("bot-field", "signals.honeypot"),
        ("_gotcha", "signals.honeypot"),
        ("signals.paste_count", "signals.pastes"),
        ("device_fingerprint", "signals.device_id"),
        ("consent.ipAddress", "consent.ip"),
    ],
)
def test_a_signal_goes_by_its_canonical_name_in_its_section_and_outside(name: str, word: str) -> None:
    assert meaning(name)[0] == word
