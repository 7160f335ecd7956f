"""The source of a lead: the host that collected it, in one spelling."""

from __future__ import annotations

import re
from functools import lru_cache

import idna

_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)
_HOST = re.compile(
    r"(?=.{4,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])", re.ASCII
)


@lru_cache(maxsize=4096)
def host_of(text: str) -> str:
    """The host of a URL or domain: lower case, ASCII, without scheme, port, path and `www.`; empty: unusable.

    An IP address is not a source: it names a machine, not a site.
    """
    text = text.strip()
    scheme = _SCHEME.match(text)
    if scheme is not None and scheme[0].lower() not in ("http://", "https://"):
        return ""
    rest = text[scheme.end() :] if scheme is not None else text.removeprefix("//")
    host = re.split(r"[/?#\\]", rest, maxsplit=1)[0].rpartition("@")[2]
    host = host.partition(":")[0].rstrip(".").lower()
    if not host.isascii():
        try:
            host = idna.encode(host, uts46=True).decode()
        except idna.IDNAError:
            return ""
    host = host.removeprefix("www.")
    return host if _HOST.fullmatch(host) else ""


def parents(host: str) -> list[str]:
    """The host and the domains above it, nearest first, down to two labels."""
    labels = host.split(".")
    return [".".join(labels[i:]) for i in range(len(labels) - 1)]
