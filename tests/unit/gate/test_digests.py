"""Digests of addresses: one per address however it is written, and the same that purchases are known by."""

from __future__ import annotations

from hashlib import sha256

import pytest

from services.dedup.canonical import canonical_email
from services.dedup.fingerprint import Details, Fingerprints
from services.routing.gate.digests import Digests

KEY = bytes(range(32))
MAILBOXES = ["ann@mail.example", " Ann.Lee+cars@GMail.com ", "a.n.n@googlemail.com", "+tag@x.example", "...@gmail.com"]


@pytest.mark.parametrize("email", MAILBOXES)
def test_a_mailbox_is_known_by_what_purchases_know_it_by(email: str) -> None:
    known = dict(Fingerprints(KEY).of("big-bank", Details(phone="+15125550123", email=canonical_email(email))))
    assert dict(Digests(KEY).of("big-bank", "+15125550123", email)) == known


def test_another_buyer_or_key_knows_nobody() -> None:
    mine = Digests(KEY).of("big-bank", "+15125550123", "")
    assert Digests(KEY).of("small-bank", "+15125550123", "") != mine
    assert Digests(sha256(KEY).digest()).of("big-bank", "+15125550123", "") != mine


def test_what_is_not_told_is_no_address() -> None:
    assert Digests(KEY).of("big-bank", "", "") == ()
    assert [address.kind for address in Digests(KEY).of("big-bank", "", "a@b.example")] == ["email"]


def test_locks_are_not_those_of_purchases() -> None:
    """Which lock by the digest's first eight bytes, and would wait for messages."""
    (address,) = Digests(KEY).of("big-bank", "+15125550123", "")
    assert address.lock != int.from_bytes(address.digest[:8], signed=True)
    assert -(2**63) <= address.lock < 2**63
