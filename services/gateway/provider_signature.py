"""Whether a message comes from a provider: symmetric signatures of the Standard Webhooks specification. Pure.

Source: github.com/standard-webhooks/standard-webhooks, spec/standard-webhooks.md: HMAC-SHA256 over
`<webhook-id>.<webhook-timestamp>.<body>`, base64, behind `v1,`; any one signature of the list is enough. A timestamp
too far from now is refused, so that a message overheard cannot be sent again later; that it does nothing twice before
then is for whoever takes it, by its id.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import re
from collections.abc import Mapping, Sequence
from datetime import datetime

from shared.rpc.errors import KeyInvalid, KeyMissing

_PREFIX = "whsec_"
#: The specification asks for 24 to 64.
_SECRET_BYTES = range(24, 65)
#: How far a message's timestamp may be from now, either way.
TOLERANCE_SECONDS = 300
#: Signatures of one message that are looked at: a provider signs with two secrets while it replaces one.
_MOST_SIGNATURES = 8
_ID = re.compile(rb"[\x21-\x7e]{1,128}")
_STAMP = re.compile(rb"[0-9]{1,12}")

ID, TIMESTAMP, SIGNATURE = b"webhook-id", b"webhook-timestamp", b"webhook-signature"


def read_secrets(text: str) -> tuple[bytes, ...]:
    """The secrets that a setting names, with blanks between: two while one is being replaced.

    Raises:
        ValueError: one is not 24 to 64 bytes in base64; the text never repeats what was given.
    """
    secrets = []
    for one in text.split():
        try:
            secret = base64.b64decode(one.removeprefix(_PREFIX), validate=True)
        except binascii.Error:
            secret = b""
        if len(secret) not in _SECRET_BYTES:
            raise ValueError("expected whsec_ and 24 to 64 bytes in base64; two with a blank between to replace one")
        secrets.append(secret)
    return tuple(secrets)


def verified_id(headers: Mapping[bytes, bytes], body: bytes, secrets: Sequence[bytes], now: datetime) -> str:
    """The id of a message that its provider signed.

    Raises:
        KeyMissing: it is not signed at all.
        KeyInvalid: it is signed with another secret or for other content, or too long ago.
    """
    message_id, stamp, signatures = (headers.get(name, b"") for name in (ID, TIMESTAMP, SIGNATURE))
    if not (message_id and stamp and signatures):
        raise KeyMissing("expected a signature: the headers webhook-id, webhook-timestamp and webhook-signature")
    if not _ID.fullmatch(message_id) or not _STAMP.fullmatch(stamp):
        raise KeyInvalid("webhook-id or webhook-timestamp cannot be one")
    # The signature first: who cannot sign learns nothing about our clock.
    content = b".".join((message_id, stamp, body))
    good = [b"v1," + base64.b64encode(hmac.digest(secret, content, "sha256")) for secret in secrets]
    given = signatures.split(b" ", _MOST_SIGNATURES)[:_MOST_SIGNATURES]
    # All are compared, so that the time taken tells nothing.
    same = [hmac.compare_digest(one, other) for one in given for other in good]
    if not any(same):
        raise KeyInvalid("webhook-signature is not one of this message")
    if abs(now.timestamp() - int(stamp)) > TOLERANCE_SECONDS:
        raise KeyInvalid(f"webhook-timestamp is more than {TOLERANCE_SECONDS} seconds from now")
    return message_id.decode("ascii")
