"""A lead as a receiver is given it: chosen fields, nothing that was not asked for. Pure."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec

from services.routing.delivery.delivery import Delivery
from services.routing.delivery.receivers import Handover
from services.routing.gate.person import Consent, Person
from shared.catalog.receiving import PERSON_FIELDS, Receiver


def chosen(receiver: Receiver, person: Person) -> tuple[dict[str, str], dict[str, str]]:
    """What of the person, and which of the lead's other fields, the receiver is given; what is empty is left out."""
    wanted = receiver.fields or (*PERSON_FIELDS, *person.fields)
    told = {name: str(getattr(person, name)) for name in PERSON_FIELDS if name in wanted}
    other = {name: person.fields[name] for name in wanted if name in person.fields}
    return {name: value for name, value in told.items() if value}, {
        name: value for name, value in other.items() if value
    }


def document(delivery: Delivery, person: Person, handover: Handover) -> bytes:
    """The body of a webhook: JSON in UTF-8. Copies differ only where the lead itself was changed."""
    told, fields = chosen(handover.receiver, person)
    order = handover.bought.order(delivery.lead.order)
    data: dict[str, Any] = {
        "delivery_id": str(delivery.delivery_id),
        "lead_id": str(delivery.lead.lead_id),
        "order": f"{person.order}@{person.order_version}" if person.order else delivery.lead.order,
        "seller": delivery.lead.seller,
        "source": delivery.lead.source,
        "bought_at": moment(delivery.lead.decided_at),
        "offer": order.follow_up.offer if order is not None else "",
        "lead_type": {
            "form": person.form,
            "exclusivity": person.exclusivity,
            "opt_in": person.opt_in,
            "incentivized": person.incentivized,
            "own": person.own,
        },
        "person": told,
        "fields": fields,
    }
    if person.consent is not None:
        data["consent"] = _consent(person.consent)
    happened = {"type": "lead.bought", "timestamp": moment(delivery.lead.decided_at), "data": data}
    return msgspec.json.encode(happened)


def moment(instant: datetime) -> str:
    """RFC 3339, UTC, milliseconds."""
    return instant.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _consent(consent: Consent) -> dict[str, str]:
    told = {
        "captured_at": moment(consent.captured_at) if consent.captured_at is not None else "",
        "text": consent.text,
        "phone": consent.phone,
        "disclosure": consent.disclosure,
        "certificate": consent.certificate,
    }
    return _filled(told)


def _filled(values: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in values.items() if value}
