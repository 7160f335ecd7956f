"""What a mail server's URL means."""

from __future__ import annotations

import pytest

from services.routing.messages.mail import SmtpServer
from services.routing.settings import FollowUpSettings
from shared.runtime.settings import SettingsError, load, redacted

STORES = {
    "LEADLINE_IDENTITY_KEY": "00" * 32,
    "LEADLINE_POSTGRES_URL": "postgresql://x/y",
    "LEADLINE_REDIS_URL": "redis://x",
}


@pytest.mark.parametrize(
    ("url", "port", "implicit_tls", "start_tls"),
    [
        ("smtp://mail.example", 25, False, None),
        ("smtp://mail.example:1025", 1025, False, None),
        ("smtp+starttls://mail.example", 587, False, True),
        ("smtps://mail.example", 465, True, False),
    ],
)
def test_the_scheme_says_how_the_connection_is_protected(
    url: str, port: int, implicit_tls: bool, start_tls: bool | None
) -> None:
    server = SmtpServer.parse(url)
    assert (server.host, server.port) == ("mail.example", port)
    assert (server.implicit_tls, server.start_tls) == (implicit_tls, start_tls)


def test_user_and_password_may_hold_any_character() -> None:
    server = SmtpServer.parse("smtps://me%40bank:p%3Ass%2F@mail.example")
    assert (server.user, server.password) == ("me@bank", "p:ss/")
    assert "p:ss/" not in repr(server)


def test_a_password_never_travels_in_the_clear() -> None:
    with pytest.raises(ValueError, match="needs"):
        SmtpServer.parse("smtp://me:secret@mail.example")
    assert SmtpServer.parse("smtp://me:secret@127.0.0.1").user == "me"


@pytest.mark.parametrize("url", ["", "mail.example", "http://mail.example", "smtp://", "smtp://mail.example:port"])
def test_another_url_is_a_fault_that_names_its_variable_and_not_its_value(url: str) -> None:
    environ = {**STORES, "LEADLINE_SMTP_URL": url or "x"}
    with pytest.raises(SettingsError) as caught:
        load(FollowUpSettings, environ).smtp  # noqa: B018 - reading it is what checks it
    assert "LEADLINE_SMTP_URL" in caught.value.faults[0]
    assert "mail.example" not in caught.value.faults[0]


def test_settings_are_shown_without_the_password() -> None:
    shown = str(redacted(load(FollowUpSettings, {**STORES, "LEADLINE_SMTP_URL": "smtps://me:hush@mail.example"})))
    assert "hush" not in shown
