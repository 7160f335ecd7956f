"""Takes Social Security numbers out of a submission before intake hashes, stores or passes on anything of it."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from google.protobuf.message import Message

from leadline.common.v1 import lead_pb2
from shared.rpc.errors import Malformed, Violation
from shared.sensitive.scrubbing import has_shape, is_sensitive, scrub, scrub_text

#: What names the submission. Masked, two of them could become one.
_NAMES = ("external_id", "idempotency_key")
#: Made by this system, not by the seller.
_OURS = frozenset({"traceparent", "bid_token"})


def mask(sent: lead_pb2.Submission, fields: dict[str, str], typed: Collection[str]) -> bytes:
    """Mask every number in the submission; returns the body as it may be kept.

    Args:
        sent: the submission; its texts are replaced.
        fields: those of `sent`; replaced too.
        typed: names of fields that hold such a number by the catalog.

    Raises:
        Malformed: a number names the submission.
    """
    if not any(is_sensitive(name) or name in typed for name in fields) and not has_shape(sent.SerializeToString()):
        return sent.payload
    scrubbed = scrub(fields, sent.payload, typed=typed, also=[text for _, _, text in _texts(sent)])
    for name, masked in scrubbed.fields.items():
        fields[name] = sent.fields[name] = masked
    for message, name, text in list(_texts(sent)):
        masked = scrub_text(text, scrubbed.found)
        if masked == text:
            continue
        if name in _NAMES:
            raise Malformed(
                "the submission cannot be stored as it is",
                violations=[Violation(name, "an identifier without a Social Security number in it")],
            )
        setattr(message, name, masked)
    return scrubbed.payload


def _texts(sent: lead_pb2.Submission) -> Iterator[tuple[Message, str, str]]:
    """Every text of the submission but its fields: of which message, its name and itself."""
    for message in (sent, sent.consent, sent.signals):
        for field, value in message.ListFields():
            if type(value) is str and field.name not in _OURS:
                yield message, field.name, value
