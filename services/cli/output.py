"""What a person sees, and what a script reads."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")]
Buyer = Annotated[str, typer.Option("--buyer", help="The buyer; not needed where there is one only.")]

#: Columns of a table where nobody looks at a screen.
_WIDTH = 200


def say(line: str = "") -> None:
    """A line for people."""
    print(line)


def warn(line: str) -> None:
    """A line on standard error."""
    print(line, file=sys.stderr)


def show_json(value: Any) -> None:
    """One JSON document on standard output."""
    print(json.dumps(value, indent=2, ensure_ascii=False))


def table(
    columns: Sequence[str], rows: Iterable[Sequence[object]], *, title: str = "", right: Sequence[str] = ()
) -> None:
    """A table; `right`: the columns of numbers."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    console = Console(markup=False, highlight=False, emoji=False, width=None if sys.stdout.isatty() else _WIDTH)
    grid = Table(
        title=title or None,
        title_justify="left",
        title_style="bold",
        box=box.SIMPLE_HEAD,
        pad_edge=False,
        show_edge=False,
    )
    for column in columns:
        grid.add_column(column, justify="right" if column in right else "left", overflow="fold")
    empty = True
    for row in rows:
        grid.add_row(*(clean(str(cell)) for cell in row))
        empty = False
    if empty:
        say(f"{title}: none" if title else "none")
    else:
        console.print(grid)
        say()


def clean(text: str) -> str:
    """Text from elsewhere without characters that would steer the terminal."""
    return "".join(character if character.isprintable() or character == "\n" else "\ufffd" for character in text)


def money(value: Any) -> str:
    """A Money message: `32.00 USD`."""
    sign, minor = ("-", -value.amount_minor) if value.amount_minor < 0 else ("", value.amount_minor)
    return f"{sign}{minor // 100:,}.{minor % 100:02d} {value.currency}".strip()


def moment(message: Any, field: str) -> str:
    """A Timestamp field in UTC; empty where it is unset."""
    if not message.HasField(field):
        return ""
    instant: datetime = getattr(message, field).ToDatetime(tzinfo=UTC)
    return instant.isoformat(sep=" ", timespec="milliseconds").replace("+00:00", "Z")


def duration(milliseconds: float) -> str:
    """A duration in the two largest units that it has: `850 ms`, `12.3 s`, `4 min 05 s`, `2 h 10 min`, `3 d 4 h`."""
    if milliseconds < 0:
        return f"-{duration(-milliseconds)}"
    if milliseconds < 999.5:
        return f"{milliseconds:.0f} ms"
    seconds = milliseconds / 1000
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02d} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02d} min" if hours < 48 else f"{hours // 24} d {hours % 24} h"


def set_period(message: Any, since: datetime | None, to: datetime | None) -> None:
    """Write what `--from` and `--to` name, in UTC, into the message's fields of these names."""
    # `from` is a word of Python's own.
    if since is not None:
        getattr(message, "from").FromDatetime(since.replace(tzinfo=UTC))
    if to is not None:
        message.to.FromDatetime(to.replace(tzinfo=UTC))


def word(enum: Any, number: int) -> str:
    """A value of an enum, given its descriptor, the way people say it: OUTCOME_ACCEPTED is `accepted`, 0 is empty."""
    if number == 0:
        return ""
    if number not in enum.values_by_number:
        return str(number)
    name: str = enum.values_by_number[number].name
    # By convention the name of value 0 is the prefix and UNSPECIFIED.
    prefix: str = enum.values_by_number[0].name.removesuffix("UNSPECIFIED")
    return name.removeprefix(prefix).lower()


def plain(message: Any) -> Any:
    """A proto message as plain JSON values: numbers stay numbers, instants and enums become text."""
    from google.protobuf.message import Message

    if not isinstance(message, Message):
        return message
    kind = message.DESCRIPTOR.full_name
    if kind == "google.protobuf.Timestamp":
        return message.ToJsonString()  # type: ignore[attr-defined]
    if kind == "leadline.common.v1.Money":
        return {"amount": money(message).split(" ")[0].replace(",", ""), "currency": message.currency}  # type: ignore[attr-defined]
    return {field.name: _plain_field(message, field) for field in message.DESCRIPTOR.fields}


def _plain_field(message: Any, field: Any) -> Any:
    value = getattr(message, field.name)
    if field.message_type is not None and field.message_type.GetOptions().map_entry:
        return {str(key): plain(item) for key, item in value.items()}
    if field.is_repeated:
        return [_plain_value(item, field) for item in value]
    if field.has_presence and not message.HasField(field.name):
        return None
    return _plain_value(value, field)


def _plain_value(value: Any, field: Any) -> Any:
    if field.enum_type is not None:
        return word(field.enum_type, value)
    return value.hex() if isinstance(value, bytes) else plain(value)
