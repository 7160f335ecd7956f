"""Money as integer minor units; never a float."""

from __future__ import annotations

import re
from typing import Any

_AMOUNT = re.compile(r"(?P<whole>\d{1,12})(?:\.(?P<cents>\d{2}))?")

#: Every currency that a catalog may name has two minor digits. A currency with
#: another exponent needs its own parsing before it may stand here.
CURRENCIES = frozenset({"USD", "CAD", "EUR", "GBP"})


class Minor(int):
    """An amount in minor units (cents), zero or more; written `"32.00"` in files."""

    @classmethod
    def parse(cls, text: str) -> Minor:
        """Read `32` or `32.00`.

        Raises:
            ValueError: anything else, such as a third decimal, a sign or a separator.
        """
        match = _AMOUNT.fullmatch(text.strip())
        if match is None:
            raise ValueError('expected an amount such as "32" or "32.00"')
        return cls(int(match["whole"]) * 100 + int(match["cents"] or 0))

    def __str__(self) -> str:
        return f"{int(self) // 100}.{int(self) % 100:02d}"


def decode_hook(kind: type, value: Any) -> Any:
    """Let msgspec read a `Minor`."""
    if kind is Minor:
        if not isinstance(value, str):
            raise ValueError('expected an amount in quotes, such as "32.00"')
        return Minor.parse(value)
    raise NotImplementedError(f"no decoder for {kind}")


def encode_hook(value: Any) -> Any:
    """Let msgspec write a `Minor` the way files spell it."""
    if isinstance(value, Minor):
        return str(value)
    raise NotImplementedError(f"no encoder for {type(value)}")
