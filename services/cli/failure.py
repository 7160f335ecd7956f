"""The one way in which a command fails."""

from __future__ import annotations

from collections.abc import Sequence


class CommandError(Exception):
    """The command could not do what it was asked; exit status 1.

    `lines`: for people, on standard error. No line where the command has already said what is wrong.
    """

    def __init__(self, *lines: str) -> None:
        super().__init__("; ".join(lines))
        self.lines: Sequence[str] = lines
