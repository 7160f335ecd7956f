"""The link by which a person ends a buyer's e-mails: a signed token that names a lead and nothing of its person. Pure.

It does not expire: 15 U.S.C. 7704(a)(3)(A)(ii) asks for at least 30 days, and who keeps an old mail may still mean it.
The same lead has the same link in every message, so that two tries of one delivery are the same bytes.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import re
from dataclasses import dataclass
from uuid import UUID

#: Keeps this use of the install's key apart from every other.
_PURPOSE = b"leadline unsubscribe link, version 1"
_VERSION = b"\x01"
_LEAD_BYTES = 16
_MAC_BYTES = 16
#: A buyer's slug has up to 63 signs.
_MOST_BYTES = 1 + _LEAD_BYTES + 63 + _MAC_BYTES
_TOKEN = re.compile(rf"[A-Za-z0-9_-]{{1,{_MOST_BYTES * 4 // 3 + 2}}}")

#: Where the gateway takes a link.
PATH = "/u/"
#: The body of a one-click request, as RFC 8058, 3.1 has it.
ONE_CLICK = "List-Unsubscribe=One-Click"


@dataclass(frozen=True, slots=True)
class Subscription:
    """Whose e-mails end: those of a buyer to the person of a lead."""

    buyer_id: str
    lead_id: UUID


class UnsubscribeLinks:
    """Writes and reads the tokens of one install.

    Args:
        key: the install's identity key; another key is derived from it.
    """

    def __init__(self, key: bytes) -> None:
        self._key = hmac.digest(key, _PURPOSE, "sha256")

    def token(self, of: Subscription) -> str:
        """The token of a subscription."""
        content = _VERSION + of.lead_id.bytes + of.buyer_id.encode()
        return base64.urlsafe_b64encode(content + self._mac(content)).decode().rstrip("=")

    def read(self, token: str) -> Subscription | None:
        """What a token stands for; None where this install did not write it."""
        if not _TOKEN.fullmatch(token):
            return None
        try:
            packed = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
        except binascii.Error:
            return None
        content, mac = packed[:-_MAC_BYTES], packed[-_MAC_BYTES:]
        if not hmac.compare_digest(mac, self._mac(content)) or content[:1] != _VERSION:
            return None
        lead_id, buyer_id = content[1 : 1 + _LEAD_BYTES], content[1 + _LEAD_BYTES :]
        return Subscription(buyer_id.decode(), UUID(bytes=lead_id))

    def _mac(self, content: bytes) -> bytes:
        return hmac.digest(self._key, content, "sha256")[:_MAC_BYTES]


def link(public_url: str, token: str) -> str:
    """The address that a mail carries. `public_url`: https, without a path of its own or with one."""
    return f"{public_url.rstrip('/')}{PATH}{token}"


def headers(url: str) -> dict[str, str]:
    """What a promotional e-mail carries, so that one click in the mail program is enough (RFC 2369, RFC 8058).

    The relay's DKIM signature has to cover both headers (RFC 8058, 4), which relays do by default.
    """
    return {"List-Unsubscribe": f"<{url}>", "List-Unsubscribe-Post": ONE_CLICK}
