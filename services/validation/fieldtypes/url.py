"""Web addresses: canonical by RFC 3986 and the WHATWG URL standard, for pages that a consumer can have seen."""

from __future__ import annotations

import re
from collections.abc import Set
from ipaddress import ip_address
from urllib.parse import quote

import idna

from services.validation.fieldtypes.fieldtype import Reader
from services.validation.fieldtypes.plain import Read, plain_reader, wrong

_RULE = "url.readable"
_EXPECTED = "Expected a web address such as https://www.example.com/page."
_EXPECTED_HTTP = "Expected a web address that begins with https:// or http://."
_EXPECTED_NO_USER = "Expected a web address without a user name or password: what stands before an @ hides the host."
_EXPECTED_NO_SPACE = "Expected a web address without spaces."

_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*):(?!\d{1,5}(?:[/?#]|$))", re.IGNORECASE | re.ASCII)
_MISTYPED_SCHEME = re.compile(
    r"(?:h+t+p+s*|ht+ps?|https?)(?::/{1}(?!/)|:/{3,}|;//|:\\\\|//|:(?=[a-z]))|(?:h?ttps?|hhtt?ps?|htpp?s?|htt?p?s?)://",
    re.IGNORECASE,
)
_AUTHORITY = re.compile(r"(?P<host>\[[0-9a-f:.]+\]|[^:\[\]]+)(?::(?P<port>\d{0,5}))?", re.IGNORECASE)
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?", re.ASCII)
#: In front of the registered name, an underscore is common and works.
_SUB_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?", re.ASCII)
_TOP = re.compile(r"[a-z]{2,63}|xn--[a-z0-9-]{2,59}", re.ASCII)
#: Names that lead nowhere outside of one house (RFC 6761, RFC 6762, RFC 9476).
_INSIDE = frozenset({"local", "localhost", "internal", "invalid", "lan", "home", "corp", "onion", "arpa"})
_DEFAULT_PORTS = {"http": 80, "https": 443}
_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_ESCAPE = re.compile(r"%[0-9A-Fa-f]{2}")
#: What may stand in a path or query as it is; the rest is escaped.
_SAFE = "/:@!$&'()*+,;=-._~%?"


def read_url(text: str, endings: Set[str] = frozenset()) -> Read:
    """An http or https address: scheme and host in small letters, punycode, no default port, no fragment.

    A bare domain gets https, which is what browsers do; but `john.smith` and `file.pdf` are none.

    Args:
        text: tidied.
        endings: every top-level domain; empty: not known.
    """
    text = text.strip("<>\"' ")
    if " " in text:
        return wrong(_EXPECTED_NO_SPACE, _likely(text.replace(" ", "%20")) if "/" in text else "")
    scheme, rest = _scheme(text)
    if scheme not in _DEFAULT_PORTS or rest.startswith(("/", "http//", "https//")):
        bare = _MISTYPED_SCHEME.sub("", text, count=1)
        return wrong(_EXPECTED_HTTP, "" if bare == text else _likely(f"https://{bare}"))
    authority, path, query = _split(rest)
    if "@" in authority:
        return wrong(_EXPECTED_NO_USER)
    if "\\" in rest:
        # Browsers take it for a slash, other readers do not, so two of them may see two hosts.
        return wrong(_EXPECTED, _likely(text.replace("\\", "/")))
    match = _AUTHORITY.fullmatch(authority)
    host = canonical_host(match["host"]) if match else ""
    if match is None or not host:
        return wrong(_EXPECTED, _likely(text.replace(",", ".", 2)) if "," in authority else "")
    if endings and not _SCHEME.match(text) and host.rpartition(".")[2] not in endings and _has_name(host):
        return wrong(_EXPECTED)
    port = int(match["port"] or _DEFAULT_PORTS[scheme])
    if not 0 < port < 65536:
        return wrong(_EXPECTED)
    shown = host if port == _DEFAULT_PORTS[scheme] else f"{host}:{port}"
    path, query = _escaped(path) or "/", _escaped(query)
    parts = {"scheme": scheme, "host": host, "port": str(port), "path": path, "query": query[1:]}
    return Read(f"{scheme}://{shown}{path}{query}", {name: part for name, part in parts.items() if part})


def url_reader(field: str, endings: Set[str] = frozenset()) -> Reader:
    """A reader of web addresses. `endings`: every top-level domain."""
    return plain_reader(field, _RULE, "a web address", lambda text: read_url(text, endings))


def canonical_host(host: str) -> str:
    """A public host in small letters and punycode, or an IP address; empty: no such host can be."""
    host = host.lower().rstrip(".")
    try:
        if host.startswith("["):
            return f"[{ip_address(host[1:-1])}]"
        if host.rpartition(".")[2].isdigit():
            return str(ip_address(host))
        if not host.isascii():
            host = idna.encode(host, uts46=True).decode()
        elif "xn--" in host:
            idna.decode(host)
    except (ValueError, idna.IDNAError):
        return ""
    labels = host.split(".")
    named = len(host) <= 253 and len(labels) > 1 and _TOP.fullmatch(labels[-1]) and labels[-1] not in _INSIDE
    if not named or not _LABEL.fullmatch(labels[-2]):
        return ""
    return host if all(_SUB_LABEL.fullmatch(label) for label in labels[:-2]) else ""


def _has_name(host: str) -> bool:
    """Not an IP address, and not of documentation (RFC 2606), as our own examples are."""
    return not host.startswith("[") and not host.rpartition(".")[2].isdigit() and not host.endswith(".example")


def _scheme(text: str) -> tuple[str, str]:
    """Scheme and what follows its slashes; without one, https."""
    if text.startswith("//"):
        return "https", text[2:]
    match = _SCHEME.match(text)
    if match is None:
        return "https", text
    rest = text[match.end() :]
    return (match[1].lower(), rest[2:]) if rest.startswith("//") else ("", rest)


def _split(rest: str) -> tuple[str, str, str]:
    """Authority, path, query with its question mark; the fragment never leaves the browser."""
    rest = rest.partition("#")[0]
    at = min((rest.find(mark) for mark in "/?\\" if mark in rest), default=len(rest))
    path, mark, query = rest[at:].partition("?")
    if path.startswith("\\"):
        return rest[:at], path, ""
    return rest[:at], path, f"{mark}{query}" if query else ""


def _escaped(text: str) -> str:
    if not text:
        return ""
    text = _BAD_ESCAPE.sub("%25", text)
    return _ESCAPE.sub(lambda escape: escape[0].upper(), quote(text, safe=_SAFE))


def _likely(text: str) -> str:
    return read_url(text).value or "" if len(text) <= 2000 and " " not in text else ""
