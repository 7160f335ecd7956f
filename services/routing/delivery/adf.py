"""A lead as ADF 1.0, the Auto-lead Data Format that dealers' systems read. Pure.

Source: "ADF (Auto-lead Data Format) version 1.0", 2000: a prospect with request date, vehicle, customer, vendor and
provider, in that order. Every value is a stranger's text: it is written as character data with all five special
characters escaped, without what XML 1.0 does not allow (2.2), and cut to a length.
"""

from __future__ import annotations

import re
from zoneinfo import ZoneInfo

from services.routing.delivery.delivery import Delivery
from services.routing.delivery.lead_document import chosen
from services.routing.delivery.receivers import Handover
from services.routing.gate.person import Person

_LONGEST = 500
#: Whatever is not a character of XML 1.0, and line breaks, which would begin a line of somebody's own in a mail.
_UNWANTED = re.compile("[^\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]+")
_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&apos;"})
_VEHICLE = {"year": "vehicle_year", "make": "vehicle_make", "model": "vehicle_model"}
_CONTACT = {"email": "email", "phone": "phone"}
_ADDRESS = {"street": "street", "city": "city", "regioncode": "state", "postalcode": "postal_code"}


def text(value: str) -> str:
    """A value as character data: one line, escaped, cut."""
    return _UNWANTED.sub(" ", value)[:_LONGEST].strip().translate(_ESCAPES)


def adf(delivery: Delivery, person: Person, handover: Handover) -> bytes:
    """The document, UTF-8. Its prospect's id is the delivery's, the same in every copy."""
    told, fields = chosen(handover.receiver, person)
    view, lead = handover.view, delivery.lead
    requested = lead.decided_at.astimezone(ZoneInfo(view.buyer.time_zone))
    order = handover.bought.order(lead.order)
    comments = [f"Offer: {order.follow_up.offer}"] if order is not None else []
    comments += [f"{name}: {value}" for name, value in fields.items() if name not in _VEHICLE.values()]
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        '<?adf version="1.0"?>',
        "<adf>",
        '<prospect status="new">',
        f'<id sequence="1" source="Leadline">{delivery.delivery_id}</id>',
        f"<requestdate>{requested.isoformat(timespec='seconds')}</requestdate>",
        '<vehicle interest="buy">',
        *(_element(tag, fields.get(name, "")) for tag, name in _VEHICLE.items()),
        "</vehicle>",
        "<customer>",
        *_contact(told),
        f'<id sequence="1" source="Leadline">{lead.lead_id}</id>',
        *(_element("comments", "; ".join(comments)) for _ in comments[:1]),
        "</customer>",
        f"<vendor><vendorname>{text(view.buyer.name)}</vendorname></vendor>",
        f'<provider><name part="full">{text(lead.seller)}</name><service>{text(lead.order)}</service></provider>',
        "</prospect>",
        "</adf>",
        "",
    ]
    return "\n".join(line for line in lines if line).encode()


def _contact(told: dict[str, str]) -> list[str]:
    lines = ['<contact primarycontact="1">']
    for part, name in (("first", "first_name"), ("last", "last_name")):
        if name in told:
            lines.append(f'<name part="{part}">{text(told[name])}</name>')
    lines += [_element(tag, told[name]) for tag, name in _CONTACT.items() if name in told]
    if any(name in told for name in _ADDRESS.values()):
        parts = [_element(tag, told[name]) for tag, name in _ADDRESS.items() if name in told]
        lines += ['<address type="home">', *parts, "<country>US</country>", "</address>"]
    return [*lines, "</contact>"]


def _element(tag: str, value: str) -> str:
    return f"<{tag}>{text(value)}</{tag}>"
