"""Secrets that sign webhooks, by name: a file each, or what the environment gave."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from pathlib import Path

from shared.webhook.signing import PREFIX

#: Standard Webhooks: 24 to 64 bytes.
_SIZES = range(24, 65)


class SecretError(LookupError):
    """A secret is missing or none; the text names it and never shows it."""


class Secrets:
    """Looks a secret up at every delivery, so that a new file is used at once.

    Args:
        folder: with a file for each secret; None: there is none.
        given: secrets of the environment, by the catalog's name for them.
    """

    def __init__(self, folder: Path | None, given: Mapping[str, str]) -> None:
        self._folder = folder
        self._given = given

    def get(self, name: str) -> bytes:
        """The secret of that name, a catalog's slug.

        Raises:
            SecretError: there is none, or it is not `whsec_` and base64 of 24 to 64 bytes.
        """
        text = self._text(name)
        if text is None:
            raise SecretError(f"secret {name} is not there")
        try:
            secret = base64.b64decode(text.strip().removeprefix(PREFIX), validate=True)
        except (binascii.Error, ValueError):
            secret = b""
        if not text.strip().startswith(PREFIX) or len(secret) not in _SIZES:
            raise SecretError(f"secret {name} is not {PREFIX} and base64 of 24 to 64 bytes")
        return secret

    def _text(self, name: str) -> str | None:
        if self._folder is not None:
            try:
                return (self._folder / name).read_text("ascii", errors="replace")
            except OSError:
                pass
        return self._given.get(name)
