"""What a seller may do with an access key."""

from __future__ import annotations

from typing import Literal, get_args

#: `post` leads; send `ping`s; `read` one's own leads; see the `statement`; ask for and dispute `returns`.
Scope = Literal["post", "ping", "read", "statement", "returns"]

SCOPES: tuple[Scope, ...] = get_args(Scope)
