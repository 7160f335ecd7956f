"""Short ways for tests to read a post."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from services.gateway.assembly import Assembler
from services.gateway.formats import adf, form, google_ads, json_lead, meta
from services.gateway.posted import PostedLead, Unreadable


def from_json(body: bytes | str) -> PostedLead:
    """A lead of the seller API's JSON."""
    return json_lead.parse(body.encode() if isinstance(body, str) else body, Assembler())


def from_form(body: bytes | str, charset: str = "utf-8") -> PostedLead:
    """A lead of a form."""
    return form.parse(body.encode() if isinstance(body, str) else body, Assembler(), charset)


def from_adf(body: bytes | str, charset: str = "") -> PostedLead:
    """A lead of an ADF document."""
    return adf.parse(body.encode() if isinstance(body, str) else body, Assembler(), charset)


def from_google_ads(body: bytes | str) -> PostedLead:
    """A lead of a Google Ads webhook."""
    return google_ads.parse(body.encode() if isinstance(body, str) else body, Assembler())


def from_meta(body: bytes | str) -> list[PostedLead]:
    """The leads of a Meta payload."""
    payload = meta.find(body.encode() if isinstance(body, str) else body)
    return [meta.read(found, Assembler()) for found in payload.leads]


def refused(read: Callable[..., Any], *args: Any) -> Unreadable:
    """The refusal that reading ends in."""
    with pytest.raises(Unreadable) as caught:
        read(*args)
    return caught.value


def fields_at_fault(read: Callable[..., Any], *args: Any) -> list[str]:
    """The fields that the refusal names."""
    return [fault.field for fault in refused(read, *args).faults]
