"""A Meta lead form payload whose answers are already there. Pure.

A Meta webhook only says that a lead exists; its answers are fetched from the Graph
API by the leadgen id, with a token that the page's owner has
(developers.facebook.com/docs/marketing-api/guides/lead-ads/retrieving). We take what
that look-up returns, alone or put back into the webhook's envelope.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from services.gateway.assembly import Assembler
from services.gateway.formats.json_text import read_json, text_of
from services.gateway.posted import Fault, PostedLead, Unreadable

#: The site where every lead of this kind was collected.
SOURCE = "facebook.com"

#: Most leads of one envelope.
LEADS = 1000

_FETCH_FIRST = "the answers as a list; fetch the lead from Meta's Graph API by its id first, then post what it returns"
_CONTROLS = {"id": "external_id", "leadgen_id": "external_id", "created_time": "submitted_at"}
_EPOCH_SECONDS = range(946_684_800, 4_102_444_800)


@dataclass(frozen=True, slots=True)
class Found:
    """One lead of a payload, and the path at which it stands, empty or with a dot at its end."""

    value: Any
    path: str


@dataclass(frozen=True, slots=True)
class Payload:
    """The leads of one body, and whether they came in a webhook's envelope."""

    leads: list[Found]
    enveloped: bool


def find(body: bytes) -> Payload:
    """Find the lead, or the leads of an envelope.

    Raises:
        Unreadable: the body as a whole is no such payload.
    """
    value = read_json(body)
    if type(value) is not dict:
        raise Unreadable("A Meta lead is a JSON object.", Fault("", "a JSON object"))
    if "entry" not in value:
        return Payload([Found(value, "")], enveloped=False)
    leads = _leads_of(value["entry"])
    if not 1 <= len(leads) <= LEADS:
        raise Unreadable("The envelope holds no lead, or too many.", Fault("entry", f"1 to {LEADS} leadgen changes"))
    return Payload(leads, enveloped=True)


def _leads_of(entries: Any) -> list[Found]:
    """Path and content of each lead; a change of another kind is none of ours and passed over."""
    if type(entries) is not list:
        raise Unreadable("The envelope cannot be read.", Fault("entry", "a list"))
    found: list[Found] = []
    for at, entry in enumerate(entries):
        if type(entry) is not dict:
            raise Unreadable("The envelope cannot be read.", Fault(f"entry[{at}]", "an object"))
        if "field_data" in entry:
            found.append(Found(entry, f"entry[{at}]."))
            continue
        changes = entry.get("changes")
        if type(changes) is not list:
            raise Unreadable("The envelope cannot be read.", Fault(f"entry[{at}].changes", "a list"))
        for nth, change in enumerate(changes):
            if type(change) is not dict:
                raise Unreadable("The envelope cannot be read.", Fault(f"entry[{at}].changes[{nth}]", "an object"))
            if change.get("field", "leadgen") == "leadgen":
                found.append(Found(change.get("value"), f"entry[{at}].changes[{nth}].value."))
    return found


def read(found: Found, assembler: Assembler) -> PostedLead:
    """Read one lead; `form_id` becomes the sub-source, other ids stay as fields.

    Raises:
        Unreadable: it is only announced, or a field of it cannot be read.
    """
    value, path = found.value, found.path
    if type(value) is not dict:
        raise Unreadable("The lead cannot be read.", Fault(path.rstrip("."), "an object"))
    answers = value.get("field_data")
    if type(answers) is not list:
        raise Unreadable("The payload announces a lead but does not hold it.", Fault(f"{path}field_data", _FETCH_FIRST))
    for name, part in value.items():
        if name == "field_data" or part is None:
            continue
        word = _CONTROLS.get(name)
        if word == "submitted_at":
            assembler.add_all([(word, _time(part, path))])
        elif word:
            assembler.add_all([(word, text_of(part, path + name))])
        elif type(part) is not dict and type(part) is not list:
            assembler.add_all([(name, text_of(part, path + name))], inside_lead=True)
        else:
            raise Unreadable("The lead cannot be read.", Fault(path + name, "a text, a number, true or false"))
    named = dict(_answer(answer, f"{path}field_data[{at}]") for at, answer in enumerate(answers))
    if len(named) != len(answers):
        raise Unreadable("A question is answered twice.", Fault(f"{path}field_data", "each name once"))
    assembler.add_all(named.items(), inside_lead=True)
    assembler.control("source", SOURCE)
    assembler.control("sub_source", text_of(value.get("form_id") or "", f"{path}form_id"))
    return assembler.lead()


def _answer(answer: Any, path: str) -> tuple[str, str]:
    if type(answer) is not dict or type(answer.get("name")) is not str:
        raise Unreadable("An answer cannot be read.", Fault(path, "an object with name and values"))
    values = answer.get("values")
    if type(values) is not list:
        raise Unreadable("An answer cannot be read.", Fault(f"{path}.values", "a list of texts"))
    return answer["name"], ", ".join(text_of(value, f"{path}.values") for value in values if value is not None)


def _time(part: Any, path: str) -> str:
    """Webhooks give epoch seconds, the Graph API gives ISO 8601."""
    if type(part) is int and part in _EPOCH_SECONDS:
        return datetime.fromtimestamp(part, UTC).isoformat()
    return text_of(part, f"{path}created_time")
