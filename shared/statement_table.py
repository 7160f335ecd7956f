"""A statement as a table for spreadsheets: opening balance, every transfer with its cause, closing balance."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC

from google.protobuf.timestamp_pb2 import Timestamp

from leadline.common.v1.transfer_pb2 import TransferKind
from leadline.intake.v1 import ledger_service_pb2 as pb
from shared.spreadsheet import amount, row

COLUMNS = (
    "posted_at", "kind", "lead_id", "external_id", "order", "cause", "why", "amount", "balance", "currency",
)  # fmt: skip

_KINDS: Mapping[int, str] = {
    number: name.removeprefix("TRANSFER_KIND_").lower() for name, number in TransferKind.items()
}


class StatementTable:
    """Writes one statement, part by part. The amounts and the balance are what can be paid to the seller."""

    def __init__(self, statement: pb.GetStatementResponse) -> None:
        self._statement = statement
        self._balance = statement.opening.amount_minor

    def head(self) -> str:
        """The column names and the opening balance."""
        start = getattr(self._statement, "from") if self._statement.HasField("from") else None
        return row(COLUMNS) + self._standing("opening balance", instant(start) if start is not None else "")

    def body(self, entries: Iterable[pb.StatementEntry]) -> str:
        """The next entries."""
        return "".join(map(self._entry, entries))

    def foot(self) -> str:
        """The closing balance: the opening one and every entry written."""
        return self._standing("closing balance", instant(self._statement.to))

    def _entry(self, entry: pb.StatementEntry) -> str:
        self._balance += entry.amount.amount_minor
        return row(
            (
                instant(entry.posted_at), kind_of(entry), entry.lead_id, entry.external_id,
                f"{entry.order.order}@{entry.order.version}", entry.cause, entry.why,
                amount(entry.amount.amount_minor), amount(self._balance), entry.amount.currency,
            )
        )  # fmt: skip

    def _standing(self, what: str, at: str) -> str:
        return row((at, what, "", "", "", "", "", "", amount(self._balance), self._statement.opening.currency))


def kind_of(entry: pb.StatementEntry) -> str:
    """What a transfer is, in a word; one of a later release by its number."""
    return _KINDS.get(entry.kind) or str(entry.kind)


def instant(stamp: Timestamp) -> str:
    """An instant, to the millisecond, UTC."""
    return stamp.ToDatetime(tzinfo=UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
