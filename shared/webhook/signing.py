"""How a receiver knows that a message is ours: symmetric signatures of the Standard Webhooks specification. Pure.

Source: github.com/standard-webhooks/standard-webhooks, spec/standard-webhooks.md: HMAC-SHA256 over
`<webhook-id>.<webhook-timestamp>.<body>`, base64, behind `v1,`; while a secret is being replaced, one signature by each
with a blank between. Receivers check it with any library of that name.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Sequence
from datetime import datetime

PREFIX = "whsec_"
#: The specification asks for 24 to 64.
SECRET_BYTES = 32


def written(secret: bytes) -> str:
    """A secret as the receiver's library wants it."""
    return PREFIX + base64.b64encode(secret).decode()


def headers(secrets: Sequence[bytes], message_id: str, at: datetime, body: bytes) -> dict[str, str]:
    """The three headers of one attempt, signed with every secret. `at`: when it is sent, which receivers check."""
    stamp = str(int(at.timestamp()))
    content = b".".join((message_id.encode(), stamp.encode(), body))
    signatures = (base64.b64encode(hmac.digest(secret, content, hashlib.sha256)).decode() for secret in secrets)
    return {
        "webhook-id": message_id,
        "webhook-timestamp": stamp,
        "webhook-signature": " ".join(f"v1,{signature}" for signature in signatures),
    }
