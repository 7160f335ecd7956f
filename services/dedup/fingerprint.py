"""Identity: which values stand for the same person, and digests that tell so without telling the value."""

from __future__ import annotations

import hmac

KEY_BYTES = 32
DIGEST_BYTES = 16

#: Providers that deliver `a.nn+bank@` to `ann@`, so that one mailbox has countless spellings.
_GMAIL = frozenset({"gmail.com", "googlemail.com"})


def read_key(text: str) -> bytes:
    """The key of an install, from hex.

    Raises:
        ValueError: not hex, or not 32 bytes; the text never repeats what was given.
    """
    try:
        key = bytes.fromhex(text)
    except ValueError:
        raise ValueError(f"expected {KEY_BYTES} bytes in hex") from None
    if len(key) != KEY_BYTES:
        raise ValueError(f"expected {KEY_BYTES} bytes in hex, not {len(key)}")
    return key


def canonical_email(address: str) -> str:
    """The one spelling of a mailbox that identity goes by; never an address to write to.

    Case never tells two mailboxes apart in practice. Gmail ignores dots and everything from a plus, and has two
    domains (support.google.com/mail/answer/7436150). Elsewhere a plus may be part of another person's name, so it
    stays.
    """
    local, at, domain = address.strip().lower().rpartition("@")
    if domain in _GMAIL:
        # An address that is nothing but dots and a tag is not one of Gmail's; leave it as it is.
        local, domain = local.partition("+")[0].replace(".", "") or local, "gmail.com"
    return f"{local}{at}{domain}"


class Fingerprints:
    """Makes digests under one install's key."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def of(self, buyer_id: str, *, phone: str, email: str) -> tuple[tuple[str, bytes], ...]:
        """The identities of one person as (kind, digest).

        `phone`: E.164. An empty value gives no identity: two persons without a phone are not one.
        """
        identities = []
        if phone:
            identities.append(("phone", self._digest(f"{buyer_id}|phone|{phone}")))
        if email:
            identities.append(("email", self._digest(f"{buyer_id}|email|{canonical_email(email)}")))
        return tuple(identities)

    def _digest(self, text: str) -> bytes:
        return hmac.digest(self._key, text.encode(), "sha256")[:DIGEST_BYTES]
