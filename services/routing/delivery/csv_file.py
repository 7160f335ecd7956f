"""The file that a CSV receiver gets once a day. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from hashlib import blake2b
from uuid import UUID
from zoneinfo import ZoneInfo

from services.routing.delivery.delivery import Delivery
from services.routing.delivery.lead_document import chosen, moment
from services.routing.gate.person import Person
from shared import spreadsheet
from shared.catalog.receiving import PERSON_FIELDS, Receiver
from shared.catalog.snapshot import CatalogView

#: What stands before the receiver's fields.
_FIRST = ("delivery_id", "lead_id", "bought_at", "order", "seller", "source")


def next_file_at(receiver: Receiver, time_zone: str, after: datetime) -> datetime:
    """When the file that a lead of `after` belongs to is made."""
    zone = ZoneInfo(time_zone)
    hour, minute = receiver.daily_at.split(":")
    local = after.astimezone(zone)
    made = datetime.combine(local.date(), time(int(hour), int(minute)), zone)
    if made <= local:
        made = datetime.combine(local.date() + timedelta(days=1), time(int(hour), int(minute)), zone)
    return made


def file_id(deliveries: Sequence[Delivery]) -> UUID:
    """The same for the same deliveries: a copy of a file replaces it, and a copy of its mail can be told."""
    ids = sorted(delivery.delivery_id.bytes for delivery in deliveries)
    return UUID(bytes=blake2b(b"".join(ids), digest_size=16).digest())


def file_name(receiver: Receiver, time_zone: str, deliveries: Sequence[Delivery]) -> str:
    """Such as `branches-2026-11-22-3f2a90c1.csv`: the day that its newest lead belongs to, and which leads."""
    newest = max(delivery.created_at for delivery in deliveries)
    day = next_file_at(receiver, time_zone, newest).date()
    return f"{receiver.slug}-{day}-{file_id(deliveries).hex[:8]}.csv"


def file_content(receiver: Receiver, view: CatalogView, batch: Sequence[tuple[Delivery, Person]]) -> bytes:
    """A row for each lead, the first bought first, below the names of the columns; UTF-8."""
    product_fields = dict.fromkeys(field.name for product in view.catalog.products for field in product.fields)
    columns = receiver.fields or (*PERSON_FIELDS, *product_fields)
    rows = [spreadsheet.row((*_FIRST, *columns))]
    for delivery, person in sorted(batch, key=lambda pair: (pair[0].lead.decided_at, pair[0].delivery_id)):
        told, fields = chosen(receiver, person)
        values = told | fields
        lead = delivery.lead
        first = (
            str(delivery.delivery_id),
            str(lead.lead_id),
            moment(lead.decided_at),
            lead.order,
            lead.seller,
            lead.source,
        )
        rows.append(spreadsheet.row((*first, *(values.get(column, "") for column in columns))))
    return "".join(rows).encode()
