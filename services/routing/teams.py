"""Which team follows a lead up: drawn by weight, and always the same for the same lead."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import blake2b

_BITS = 64


class TeamDraw:
    """Draws among an order's teams.

    The lead's id is hashed (BLAKE2b, 64 bits) and the hash, as a fraction of 2^64, falls into one team's part of
    the total weight; teams lie in order of their names. So shares approach the weights, the draw can be repeated by
    anybody who has the id and the terms, and it depends neither on the file's order nor on other leads.
    """

    def __init__(self, weights: Mapping[str, int]) -> None:
        """`weights`: by team, each at least 1; empty: nobody is drawn."""
        self._parts: list[tuple[int, str]] = []
        self._total = 0
        for team, weight in sorted(weights.items()):
            self._total += weight
            self._parts.append((self._total, team))

    def draw(self, lead_id: str) -> str:
        """The team of a lead; empty where the order has none."""
        if len(self._parts) <= 1:
            return self._parts[0][1] if self._parts else ""
        drawn = int.from_bytes(blake2b(lead_id.encode(), digest_size=_BITS // 8).digest())
        point = (drawn * self._total) >> _BITS
        return next(team for end, team in self._parts if point < end)
