"""By what an order recognises a person that was bought before."""

from __future__ import annotations

from functools import cache
from typing import Annotated, Literal

from msgspec import Meta

#: The details by which a person can be recognised, in the order in which a joined key names them.
PERSON_DETAILS = ("phone", "email", "name", "address", "date_of_birth")

_DETAIL = f"(?:{'|'.join(PERSON_DETAILS)})"
#: One detail, or several joined by `+` that must all be the same.
MatchKey = Annotated[
    str,
    Meta(
        pattern=rf"^{_DETAIL}(?:\+{_DETAIL}){{0,4}}$",
        description="`phone`, `email`, or details joined by `+` such as name+address",
    ),
]
#: Whose earlier purchases count.
DuplicateScope = Literal["seller", "product", "buyer"]


@cache
def match_kind(key: str) -> str:
    """The one spelling of a match key: its details in the order of `PERSON_DETAILS`."""
    return "+".join(sorted(key.split("+"), key=PERSON_DETAILS.index))
