"""A Google Ads lead form webhook. Pure.

Source: developers.google.com/google-ads/webhook/docs/implementation.
"""

from __future__ import annotations

from typing import Any

from services.gateway.assembly import Assembler
from services.gateway.formats.json_text import read_json, text_of
from services.gateway.posted import Fault, PostedLead, Unreadable

#: The site where every lead of this kind was collected.
SOURCE = "ads.google.com"

_CONTROLS = frozenset({"lead_id", "lead_submit_time", "google_key", "is_test"})


def parse(body: bytes, assembler: Assembler) -> PostedLead:
    """Read one webhook call; `campaign_id` becomes the sub-source, other ids stay as fields.

    Raises:
        Unreadable: not such a payload, or a field of it cannot be read.
    """
    value = read_json(body)
    if type(value) is not dict:
        raise Unreadable("A Google Ads lead is a JSON object.", Fault("", "a JSON object"))
    columns = value.get("user_column_data")
    if type(columns) is not list:
        raise Unreadable("The payload holds no answers.", Fault("user_column_data", "a list of the form's answers"))
    for name, part in value.items():
        if name == "user_column_data" or part is None:
            continue
        assembler.add_all([(name, text_of(part, name))], inside_lead=name not in _CONTROLS)
    answers = dict(_answer(column, at) for at, column in enumerate(columns))
    if len(answers) != len(columns):
        raise Unreadable("A question is answered twice.", Fault("user_column_data", "each column_id once"))
    assembler.add_all([(name, text) for name, text in answers.items() if text is not None], inside_lead=True)
    assembler.control("source", SOURCE)
    assembler.control("sub_source", text_of(value.get("campaign_id") or "", "campaign_id"))
    return assembler.lead()


def _answer(column: Any, at: int) -> tuple[str, str | None]:
    path = f"user_column_data[{at}]"
    if type(column) is not dict:
        raise Unreadable("An answer cannot be read.", Fault(path, "an object"))
    name = column.get("column_id") or column.get("column_name")
    if type(name) is not str or not name:
        raise Unreadable("An answer has no name.", Fault(f"{path}.column_id", "the question's id"))
    value = column.get("string_value")
    return name, None if value is None else text_of(value, f"{path}.string_value")
