"""Addresses that a catalog names: what can be told of them without asking the net. Pure."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import urlsplit

_URL: Final = re.compile(r"[!-~]{1,500}", re.ASCII)


def is_web_address(text: str) -> bool:
    """An https:// URL without user, password or fragment; http:// of this computer only."""
    try:
        url = urlsplit(text)
        port = url.port
    except ValueError:
        return False
    if not _URL.fullmatch(text) or not url.hostname or port == 0 or "@" in url.netloc or "#" in text:
        return False
    return url.scheme == "https" or (url.scheme == "http" and url.hostname in ("localhost", "127.0.0.1", "::1"))


def is_mail_address(text: str) -> bool:
    """`name@host.tld` or `Name <name@host.tld>`."""
    address = text.rsplit("<", 1)[-1].rstrip("> ")
    local, _, host = address.rpartition("@")
    return bool(local) and "." in host and not any(character.isspace() for character in address)
