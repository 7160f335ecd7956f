"""What the DNS says of a mail domain, held against an address."""

from __future__ import annotations

from typing import Literal

import pytest

from services.validation.fieldtypes.mail_facts import domain_of, judge_mail
from services.validation.settings import MailSettings
from services.validation.verdict import Notes
from shared.runtime.settings import SettingsError


@pytest.mark.parametrize(
    ("raw", "domain"),
    [
        ("ann@Gmail.com ", "gmail.com"),
        ('"a@b"@mail.org.', "mail.org"),
        ("ann", ""),
        ("ann@", ""),
        ("ann@localhost", ""),
        ("ann@müller.de", ""),
        ("", ""),
    ],
)
def test_only_a_plain_domain_is_asked_about(raw: str, domain: str) -> None:
    assert domain_of(raw) == domain


@pytest.mark.parametrize(("facts", "reasons"), [("takes", []), ("refuses", ["email_invalid"]), ("", [])])
def test_an_address_is_refused_only_where_its_domain_is_known_to_take_no_mail(
    facts: Literal["", "takes", "refuses"], reasons: list[str]
) -> None:
    notes = Notes()
    judge_mail(facts, "ann@mail.test", notes)
    assert [finding.reason for finding in notes.findings] == reasons


def test_nothing_is_said_of_an_address_that_was_not_read() -> None:
    notes = Notes()
    judge_mail("refuses", "", notes)
    assert notes.checks == []


def test_name_servers_are_addresses_with_or_without_a_port() -> None:
    settings = MailSettings(servers="10.0.0.10, 10.0.0.11:5353,[::1]:54,::1")
    assert settings.addresses == [("10.0.0.10", 53), ("10.0.0.11", 5353), ("::1", 54), ("::1", 53)]


@pytest.mark.parametrize("servers", ["dns.google", "10.0.0.1:x", "10.0.0.1:70000", "10.0.0.1 10.0.0.2"])
def test_a_name_server_that_is_no_address_is_told_by_its_setting(servers: str) -> None:
    with pytest.raises(SettingsError, match="LEADLINE_DNS_SERVERS"):
        _ = MailSettings(servers=servers).addresses
