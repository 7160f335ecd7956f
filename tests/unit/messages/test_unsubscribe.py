"""A link ends the e-mails of exactly one person at one buyer, and nobody can write one."""

from __future__ import annotations

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.routing.messages.unsubscribe import Subscription, UnsubscribeLinks, headers, link

LINKS = UnsubscribeLinks(b"k" * 32)
LEAD = UUID("01926f3e-0000-7000-8000-000000000001")
SLUGS = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", fullmatch=True)


@given(SLUGS, st.uuids())
def test_a_token_is_read_as_it_was_written(buyer_id: str, lead_id: UUID) -> None:
    of = Subscription(buyer_id, lead_id)
    assert LINKS.read(LINKS.token(of)) == of


def test_the_same_lead_has_the_same_link_in_every_message() -> None:
    assert LINKS.token(Subscription("big-bank", LEAD)) == LINKS.token(Subscription("big-bank", LEAD))


@given(st.integers(min_value=0), st.sampled_from("ABCxyz019-_"))
def test_no_sign_of_it_may_change(at: int, sign: str) -> None:
    token = LINKS.token(Subscription("big-bank", LEAD))
    at %= len(token)
    changed = token[:at] + sign + token[at + 1 :]
    # The last sign carries bits that stand for nothing; whoever flips those has the same link.
    assert LINKS.read(changed) in ((None,) if at < len(token) - 1 else (None, Subscription("big-bank", LEAD))) or (
        changed == token
    )


@pytest.mark.parametrize("token", ["", "x", "A" * 400, "../etc", "ü" * 40, "A" * 60, "=" * 44])
def test_what_is_no_token_stands_for_nothing(token: str) -> None:
    assert LINKS.read(token) is None


def test_another_install_does_not_know_it() -> None:
    assert UnsubscribeLinks(b"j" * 32).read(LINKS.token(Subscription("big-bank", LEAD))) is None


def test_one_click_is_announced_as_rfc_8058_has_it() -> None:
    url = link("https://mail.bigbank.example/", "t0ken")
    assert headers(url) == {
        "List-Unsubscribe": "<https://mail.bigbank.example/u/t0ken>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }
