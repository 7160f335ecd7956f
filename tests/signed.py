"""Signs as a provider does, by the Standard Webhooks specification and independently of the code under test."""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
import uuid


def signed(body: bytes, *secrets: bytes, message_id: str = "", at: float | None = None) -> dict[str, str]:
    """The three headers of a message, signed with every secret. `at`: seconds since 1970; None: now."""
    message_id = message_id or f"msg_{uuid.uuid4().hex}"
    stamp = str(int(time.time() if at is None else at))
    content = f"{message_id}.{stamp}.".encode() + body
    each = (base64.b64encode(hmac.new(secret, content, hashlib.sha256).digest()).decode() for secret in secrets)
    return {
        "webhook-id": message_id,
        "webhook-timestamp": stamp,
        "webhook-signature": " ".join(f"v1,{one}" for one in each),
    }
