"""Certificates of consent: a TrustedForm URL, or a Jornaya LeadiD.

Only the form is judged here. Whether the certificate exists, has expired or is about
this lead, only its issuer can say.
"""

from __future__ import annotations

import re

from services.validation.fieldtypes.fieldtype import Reader
from services.validation.fieldtypes.plain import Read, ascii_like, plain_reader, wrong

_RULE = "certificate.form"
#: The one host of certificates. Credentials are sent to it, so nothing that only looks like it will do.
CERTIFICATE_HOST = "cert.trustedform.com"
#: Pings have a host of their own; a ping shows that a certificate will come.
PING_HOST = "ping.trustedform.com"

_EXPECTED = f"Expected a certificate at https://{CERTIFICATE_HOST}/ or a LeadiD of 36 characters."
_EXPECTED_HOST = f"Expected the host {CERTIFICATE_HOST} and no other."
_EXPECTED_HTTPS = f"Expected a certificate that begins with https://{CERTIFICATE_HOST}/."
_EXPECTED_REAL = "Expected a certificate that was issued: this one is a placeholder."
_EXPECTED_ID = (
    f"Expected https://{CERTIFICATE_HOST}/ and the certificate's id, on the web 40 characters of 0-9 and a-f."
)

_URL = re.compile(r"(?P<scheme>https?)://(?P<authority>[^/?#\\]*)(?P<path>/[^?#]*)?(?:\?[!-~]{0,200})?", re.IGNORECASE)
_BARE = re.compile(rf"(?:www\.)?{re.escape(CERTIFICATE_HOST)}/.+", re.IGNORECASE)
#: The web's ids.
_WEB = re.compile(r"[0-9a-f]{40}", re.ASCII | re.IGNORECASE)
#: Others differ by the type of certificate: 80 signs in apps, `0.` and more for Meta; never above 255.
_OTHER = re.compile(r"[0-9A-Za-z._-]{16,255}", re.ASCII)
#: Hex digits that are neither the web's nor an app's whole id are one cut off, or one with more pasted behind it.
_HEX = re.compile(r"(?![0-9a-f]{80}$)[0-9a-f]+", re.ASCII | re.IGNORECASE)
_WEB_LENGTH = 40
_LEADID = re.compile(r"\{?([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\}?", re.ASCII | re.IGNORECASE)
_GROUP = r"([0-9a-f]{%d})"
_LEADID_PLAIN = re.compile("".join(_GROUP % length for length in (8, 4, 4, 4, 12)), re.ASCII | re.IGNORECASE)
#: Fewer different signs are no random id, but a filled-in form field.
_LEAST_SIGNS = 4


def read_certificate(text: str) -> Read:
    """One certificate. Parts: `kind` (`trustedform`, `trustedform_ping` or `leadid`) and its `id`."""
    text = ascii_like(text).strip(" '\"<>")
    if match := _LEADID.fullmatch(text):
        return _leadid(match[1])
    if match := _URL.fullmatch(text):
        return _trusted_form(match["scheme"].lower(), match["authority"].lower(), (match["path"] or "/")[1:])
    if _BARE.fullmatch(text):
        return wrong(_EXPECTED_HTTPS, _meant(f"https://{text.lower().removeprefix('www.')}"))
    if _WEB.fullmatch(text):
        return wrong(_EXPECTED_HTTPS, _meant(f"https://{CERTIFICATE_HOST}/{text}"))
    if match := _LEADID_PLAIN.fullmatch(text):
        return wrong(_EXPECTED, "-".join(match.groups()).upper())
    return wrong(_EXPECTED)


def certificate_reader(field: str) -> Reader:
    """A reader of certificates."""
    return plain_reader(field, _RULE, "a certificate", read_certificate)


def _trusted_form(scheme: str, host: str, path: str) -> Read:
    if host not in (CERTIFICATE_HOST, PING_HOST):
        return wrong(_EXPECTED_HOST)
    found = path.rstrip("/")
    if _WEB.fullmatch(found):
        found = found.lower()
    elif not _OTHER.fullmatch(found) or len(found) == _WEB_LENGTH or _HEX.fullmatch(found):
        return wrong(_EXPECTED_ID)
    if len(set(found).difference("-.")) < _LEAST_SIGNS:
        return wrong(_EXPECTED_REAL)
    url = f"https://{host}/{found}"
    if scheme != "https":
        return wrong(_EXPECTED_HTTPS, url)
    kind = "trustedform" if host == CERTIFICATE_HOST else "trustedform_ping"
    return Read(url, {"kind": kind, "id": found}, observed=kind)


def _leadid(found: str) -> Read:
    if len(set(found) - {"-"}) < _LEAST_SIGNS:
        return wrong(_EXPECTED_REAL)
    return Read(found.upper(), {"kind": "leadid", "id": found.upper()}, observed="leadid")


def _meant(url: str) -> str:
    return read_certificate(url).value or ""
