"""Which format a body is in, and from there to posted leads. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import Enum

from services.gateway.assembly import Assembler
from services.gateway.formats import adf, form, json_lead
from services.gateway.posted import KEY_LEAST, PostedLead

#: Words about the post that a poster who cannot change the body may put into the address.
QUERY_WORDS = frozenset({"order", "source", "sub_source", "test"})

_STARS = b"*"
_FORM_KEY = re.compile(rb"(?<![^&])(access_key|google_key)=[^&]*")


class Format(Enum):
    """How a single lead may be posted to `/v1/leads`."""

    JSON = "json"
    FORM = "form"
    ADF = "adf"


#: Media types of a single lead.
SINGLE: Mapping[str, Format] = {
    "application/json": Format.JSON,
    "application/x-www-form-urlencoded": Format.FORM,
    "application/x-adf+xml": Format.ADF,
    "application/xml": Format.ADF,
    "text/xml": Format.ADF,
}
#: Media types of a batch.
ARRAY = "application/json"
LINES = frozenset({"application/x-ndjson", "application/ndjson", "application/jsonl", "application/jsonlines"})

#: Charsets that a JSON text may be declared in: ASCII is part of UTF-8.
JSON_CHARSETS = frozenset({"", "utf-8", "utf8", "us-ascii", "ascii"})
_CODECS = {
    "": "utf-8",
    "utf-8": "utf-8",
    "utf8": "utf-8",
    "us-ascii": "us-ascii",
    "ascii": "us-ascii",
    "iso-8859-1": "iso-8859-1",
    "latin1": "iso-8859-1",
}


def charset_accepted(sent_as: Format, charset: str) -> bool:
    """Whether a body of this format may be declared in this charset."""
    return charset in (JSON_CHARSETS if sent_as is Format.JSON else _CODECS)


def read_single(sent_as: Format, charset: str, body: bytes, assembler: Assembler) -> PostedLead:
    """Read the one lead of a body; `charset` must have been accepted.

    Raises:
        Unreadable: it cannot be read.
    """
    if sent_as is Format.JSON:
        return json_lead.parse(body, assembler)
    if sent_as is Format.FORM:
        return form.parse(body, assembler, _CODECS[charset])
    return adf.parse(body, assembler, _CODECS[charset] if charset else "")


def without_key(body: bytes, access_key: str) -> bytes | None:
    """The body as it may be kept: stars in the place of an access key.

    Returns:
        None where the key does not stand in the body as plain text (it was written with
        escapes), so that it cannot be taken out with certainty.
    """
    if len(access_key) < KEY_LEAST:
        # Empty, or no key: stars for so short a text would spoil the evidence.
        return body
    key = access_key.encode()
    if key in body:
        return body.replace(key, _STARS * len(key))
    kept, found = _FORM_KEY.subn(rb"\1=***", body)
    return kept if found else None
