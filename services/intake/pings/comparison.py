"""What a post must say again of what its ping said. Pure.

It is kept as keyed digests: a ping leaves no personal data behind.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from hashlib import sha256

import msgspec

Digest = Callable[[str], bytes]

#: Details of the person that a ping may give as their SHA-256 only, and the fields that it gives them in.
HASHED: Mapping[str, str] = {"phone": "phone_sha256", "email": "email_sha256"}
_SHA256 = re.compile(r"[0-9a-f]{64}")


class Type(msgspec.Struct, frozen=True):
    """The kind of lead that was priced."""

    form: str = ""
    incentivized: bool = False
    opt_in: str = ""
    exclusivity: str = ""


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """What a ping told."""

    #: Digest of each field's canonical value, and of `source`.
    fields: dict[str, bytes]
    #: Digests of the hashes of phone and e-mail address, where either was told.
    hashes: dict[str, bytes]
    #: How dedup knows the person, by kind.
    identities: dict[str, bytes]
    type: Type


class Lead(msgspec.Struct, frozen=True, kw_only=True):
    """A ping or a post, as far as one is held against the other."""

    #: As sent, by canonical name.
    sent: Mapping[str, str]
    #: Canonical values.
    fields: Mapping[str, str]
    source: str
    identities: Mapping[str, bytes]
    type: Type
    #: Of a ping: SHA-256 in hex of phone and e-mail address, where only that was told.
    hashes: Mapping[str, str] = {}


def take_hashes(fields: dict[str, str]) -> dict[str, str]:
    """Take the hashed details out of a ping's fields. A hash may also stand where the detail itself would.

    Raises:
        ValueError: a hash is none; the text is the field's name.
    """
    hashes = {}
    for name, hashed in HASHED.items():
        text = fields.pop(hashed, "").strip().lower()
        instead = fields.get(name, "").strip().lower()
        if not text and _SHA256.fullmatch(instead):
            del fields[name]
            text = instead
        if text and not _SHA256.fullmatch(text):
            raise ValueError(hashed)
        if text:
            hashes[name] = text
    return hashes


def told_by(ping: Lead, digest: Digest) -> Told:
    """What is kept of a ping."""
    fields = {
        name: digest(f"{name}|{_value(ping, name)}")
        for name, sent in ping.sent.items()
        if sent.strip() and name not in HASHED
    }
    if ping.source:
        fields["source"] = digest(f"source|{ping.source}")
    hashes = {name: text for name in HASHED if (text := ping.hashes.get(name) or _hash(ping.fields.get(name, "")))}
    return Told(
        fields=fields,
        hashes={name: digest(f"{name}|{text}") for name, text in hashes.items()},
        identities={name: ping.identities[name] for name in hashes if name in ping.identities},
        type=ping.type,
    )


def mismatches(told: Told, post: Lead, digest: Digest) -> Iterator[str]:
    """The fields in which a post contradicts its ping, or leaves out what the ping told."""
    for name, expected in told.fields.items():
        value = post.source if name == "source" else _value(post, name)
        if digest(f"{name}|{value}") != expected:
            yield name
    for name, expected in told.hashes.items():
        spellings = {post.fields.get(name, ""), post.sent.get(name, "").strip().lower()} - {""}
        known = name in told.identities and post.identities.get(name) == told.identities[name]
        # Dedup knows a mailbox under all its spellings.
        if not known and expected not in {digest(f"{name}|{_hash(value)}") for value in spellings}:
            yield name
    # A short form that turns out long is worth no less than was bid.
    if told.type.form == "long" and post.type.form != "long":
        yield "form"
    for name in ("incentivized", "opt_in", "exclusivity"):
        if name not in told.fields and getattr(told.type, name) != getattr(post.type, name):
            yield name


def _value(lead: Lead, name: str) -> str:
    value = lead.fields.get(name) or lead.sent.get(name, "").strip()
    # A ping that tells five digits is not contradicted by ZIP+4.
    return value[:5] if name == "postal_code" else value


def _hash(value: str) -> str:
    return sha256(value.encode()).hexdigest() if value else ""
