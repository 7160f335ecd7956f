"""The parts of a pack, out of what other services tell: JSON in the protos' own names, as people read it."""

from __future__ import annotations

import json
from typing import Any

from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message

from leadline.intake.v1 import record_service_pb2 as record_pb
from leadline.routing.v1 import contact_record_service_pb2 as contact_pb

#: What a body that was kept is named by the way it begins; nobody says what format it was.
_BEGINNINGS = ((b"{", "json"), (b"[", "json"), (b"<", "xml"))
_FORGOTTEN = "forgotten at the person's request: personal data is not kept, facts and money are"


def parts_of(file: record_pb.GetLeadFileResponse, contacts: contact_pb.GetContactRecordResponse) -> dict[str, bytes]:
    """Content by name."""
    lead = _plain(file.lead)
    receipt = lead.pop("receipt", [])
    kept = file.HasField("submission")
    parts = {
        "lead.json": _text(lead),
        "receipt.json": _text({"stages": receipt}),
        "submission.json": _text(
            {"submission": _plain(file.submission), "decided_on": dict(sorted(file.fields.items()))}
            if kept
            else {"submission": None, "note": _FORGOTTEN}
        ),
        "money.json": _text({"entries": [_plain(entry) for entry in file.entries]}),
        "returns.json": _text({"returns": [_plain(one) for one in file.returns]}),
        "contact.json": _text({"entries": [_entry(entry) for entry in contacts.entries]}),
    }
    if file.payload:
        parts[f"payload.{_suffix(file.payload)}"] = file.payload
    return parts


def _entry(entry: contact_pb.ContactRecordEntry) -> dict[str, Any]:
    return {"kind": entry.kind, "at": entry.at.ToJsonString(), "record": json.loads(entry.record)}


def _plain(message: Message) -> dict[str, Any]:
    found: dict[str, Any] = MessageToDict(message, preserving_proto_field_name=True)
    return found


def _text(value: dict[str, Any]) -> bytes:
    return json.dumps(value, indent=2, ensure_ascii=False).encode()


def _suffix(payload: bytes) -> str:
    start = payload.lstrip()[:1]
    return next((suffix for beginning, suffix in _BEGINNINGS if start == beginning), "txt")
