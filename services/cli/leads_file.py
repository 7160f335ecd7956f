"""A file of leads, read row by row: CSV with a header, a JSON array, or NDJSON."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO, Final

from leadline.common.v1 import lead_pb2 as pb
from services.cli.failure import CommandError

#: Words about the post and where they go; whatever is not here is a field of the lead.
_CONTROLS: Final[Mapping[str, tuple[str, ...]]] = {
    "order": ("insertion_order",),
    "source": ("source_url", "lead_source", "site"),
    "sub_source": ("sub_id", "publisher_id"),
    "external_id": ("lead_id", "transaction_id"),
    "submitted_at": ("submission_time",),
    "test": ("is_test", "test_lead"),
    "consent.text": ("consent_text", "tcpa_text", "tcpa_disclosure"),
    "consent.captured_at": ("consent_captured_at", "consent_time", "tcpa_timestamp"),
    "consent.ip": ("consent_ip", "ip", "ip_address"),
    "consent.page_url": ("consent_page_url", "page_url", "landing_page"),
    "consent.certificate": (
        *("consent_certificate", "certificate", "xxTrustedFormCertUrl", "trusted_form_cert_url"),
        *("universal_leadid", "jornaya_lead_id"),
    ),
    "signals.user_agent": ("user_agent",),
    "signals.seconds_on_form": ("seconds_on_form", "time_on_form"),
    "signals.honeypot": ("honeypot",),
}
_FIELDS: Final[Mapping[str, tuple[str, ...]]] = {
    "first_name": ("fname", "given_name", "first"),
    "last_name": ("lname", "surname", "family_name", "last"),
    "full_name": ("name", "contact_name"),
    "email": ("email_address", "e_mail"),
    "phone": ("phone_number", "telephone", "mobile", "cell", "home_phone", "primary_phone"),
    "street": ("address", "street_address", "address_1", "address_line_1"),
    "city": ("town",),
    "state": ("state_code", "province"),
    "postal_code": ("zip", "zip_code", "postcode"),
    "date_of_birth": ("dob", "birth_date", "birthday"),
}


def _squash(name: str) -> str:
    return re.sub(r"[_\-. ]", "", name).lower()


_KNOWN: Final = {
    _squash(word): canonical
    for words in (_CONTROLS, _FIELDS)
    for canonical, also in words.items()
    for word in (canonical, *also)
}
_HUMP: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_TRUE: Final = frozenset({"true", "1", "yes"})
_FALSE: Final = frozenset({"false", "0", "no", ""})


@dataclass(frozen=True, slots=True)
class Row:
    """One lead of the file, or why there is none."""

    #: Line of the file, from 1; of a JSON array the position, from 1.
    number: int
    submission: pb.Submission | None
    fault: str = ""


class LeadsFile:
    """Rows of an open file. `position` of `size` bytes have been read so far."""

    def __init__(self, handle: BinaryIO, name: str, size: int) -> None:
        self._handle = handle
        self._name = name
        self.size = size

    @property
    def position(self) -> int:
        """Bytes read so far."""
        return self._handle.tell()

    def rows(self) -> Iterator[Row]:
        """The leads, in order; a row that cannot be read does not end the file.

        Raises:
            CommandError: the file as a whole cannot be read.
        """
        text = io.TextIOWrapper(self._handle, encoding="utf-8-sig", newline="")
        suffix = Path(self._name).suffix.lower()
        try:
            if suffix == ".csv":
                yield from _csv_rows(text)
            elif suffix in (".ndjson", ".jsonl"):
                yield from _ndjson_rows(text)
            elif suffix == ".json":
                yield from _json_rows(text)
            else:
                raise CommandError(f"{self._name}: expected a name that ends in .csv, .json or .ndjson")
        except UnicodeDecodeError:
            raise CommandError(f"{self._name}: expected UTF-8 text") from None
        except csv.Error as error:
            raise CommandError(f"{self._name}: {error}") from None
        except json.JSONDecodeError as error:
            raise CommandError(f"{self._name}:{error.lineno}:{error.colno}: {error.msg}") from None
        finally:
            text.detach()


def _csv_rows(text: io.TextIOBase) -> Iterator[Row]:
    reader = csv.reader(text, strict=True)
    header = next(reader, None)
    if not header:
        return
    names = [_canonical(name.strip()) for name in header]
    for cells in reader:
        if not any(cells):
            continue
        if len(cells) != len(names):
            yield Row(reader.line_num, None, f"expected {len(names)} cells as in the header, found {len(cells)}")
            continue
        values = {name: cell for name, cell in zip(names, cells, strict=True) if name and cell}
        yield _row(reader.line_num, values, pb.SUBMISSION_FORMAT_CSV, ",".join(cells))


def _ndjson_rows(text: io.TextIOBase) -> Iterator[Row]:
    for number, line in enumerate(text, start=1):
        if not line.strip():
            continue
        try:
            yield _json_row(number, json.loads(line))
        except (json.JSONDecodeError, RecursionError):
            yield Row(number, None, "expected one JSON object")


def _json_rows(text: io.TextIOBase) -> Iterator[Row]:
    content = text.read()
    if not content.strip():
        return
    value = json.loads(content)
    for number, item in enumerate(value if isinstance(value, list) else [value], start=1):
        yield _json_row(number, item)


def _json_row(number: int, value: Any) -> Row:
    if not isinstance(value, dict):
        return Row(number, None, "expected a JSON object")
    flat: dict[str, str] = {}
    for key, part in value.items():
        if key in ("lead", "consent", "signals") and isinstance(part, dict):
            prefix = "" if key == "lead" else f"{key}."
            pairs = {f"{prefix}{name}": item for name, item in part.items()}
        else:
            pairs = {key: part}
        for name, item in pairs.items():
            if isinstance(item, dict | list):
                return Row(number, None, f"{name}: expected a text, a number, true or false")
            if item is not None:
                flat.setdefault(_canonical(name), item if isinstance(item, str) else json.dumps(item))
    return _row(number, flat, pb.SUBMISSION_FORMAT_JSON, json.dumps(value, ensure_ascii=False, sort_keys=True))


def _canonical(name: str) -> str:
    """`First Name`, `firstName` and `fname` are `first_name`; a name nobody knows is only put in our spelling."""
    known = _KNOWN.get(_squash(name))
    if known is not None:
        return known
    snake = re.sub(r"[\-. ]+", "_", _HUMP.sub("_", name.strip())).lower()
    return snake if re.fullmatch(r"[a-z][a-z0-9_]{0,63}", snake) else name.strip()


def _row(number: int, values: Mapping[str, str], kind: pb.SubmissionFormat.ValueType, raw: str) -> Row:
    sent = pb.Submission(
        format=kind,
        payload=raw.encode(),
        # The same row sent again is the same submission, so that a broken run can simply be run again.
        idempotency_key="" if values.get("external_id") else f"row:{hashlib.sha256(raw.encode()).hexdigest()[:32]}",
        fields={name: value for name, value in values.items() if name not in _CONTROLS},
    )
    try:
        for name in ("order", "source", "sub_source", "external_id"):
            setattr(sent, name, values.get(name, "").strip())
        _set_details(sent, values)
    except ValueError as error:
        return Row(number, None, str(error))
    return Row(number, sent)


def _set_details(sent: pb.Submission, values: Mapping[str, str]) -> None:
    test = values.get("test", "").strip().lower()
    if test not in _TRUE | _FALSE:
        raise ValueError("test: expected true or false")
    sent.test = test in _TRUE
    if values.get("submitted_at"):
        sent.submitted_at.FromDatetime(_instant("submitted_at", values["submitted_at"]))
    if values.get("consent.captured_at"):
        sent.consent.captured_at.FromDatetime(_instant("consent.captured_at", values["consent.captured_at"]))
    for name in ("text", "ip", "page_url", "certificate"):
        if value := values.get(f"consent.{name}"):
            setattr(sent.consent, name, value)
    if value := values.get("signals.user_agent"):
        sent.signals.user_agent = value
    if value := values.get("signals.honeypot"):
        sent.signals.honeypot = value
    if value := values.get("signals.seconds_on_form"):
        if not re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9})?", value.strip()):
            raise ValueError("seconds_on_form: expected a number of seconds")
        sent.signals.seconds_on_form = float(value)


def _instant(name: str, text: str) -> datetime:
    expected = ValueError(f"{name}: expected an instant such as 2026-11-22T10:00:00Z")
    try:
        instant = datetime.fromisoformat(text.strip())
    except ValueError:
        raise expected from None
    if instant.tzinfo is None or not 2000 <= instant.year <= 2099:
        raise expected
    return instant.astimezone(UTC)
