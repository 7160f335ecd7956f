"""A lead written in each of the formats that the gateway takes."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from xml.sax.saxutils import escape, quoteattr

from deploy.demo.lead import DemoLead


@dataclass(frozen=True, slots=True)
class Body:
    """What is posted where."""

    path: str
    content_type: str
    content: bytes


def body_of(lead: DemoLead, now: datetime) -> Body:
    """Write a lead in its format, its times counted back from `now`."""
    return {
        "json": _json,
        "json_flat": _json_flat,
        "form": _form,
        "adf": _adf,
        "google_ads": _google_ads,
        "meta": _meta,
    }[lead.format](lead, _Times(lead, now))


class _Times:
    def __init__(self, lead: DemoLead, now: datetime) -> None:
        self.submitted = _text(now - timedelta(seconds=lead.seconds_ago))
        ago = lead.seconds_ago if lead.consent_seconds_ago is None else lead.consent_seconds_ago
        self.agreed = _text(now - timedelta(seconds=ago))


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _page(lead: DemoLead) -> str:
    return f"https://www.{lead.source}/apply"


def _json(lead: DemoLead, times: _Times) -> Body:
    value: dict[str, Any] = {
        "order": lead.order,
        "source": _page(lead),
        "sub_source": lead.sub_source,
        "external_id": lead.external_id,
        "submitted_at": times.submitted,
        "lead": lead.fields,
        "consent": {"text": lead.consent_text, "captured_at": times.agreed, "ip": lead.ip, "page_url": _page(lead)},
        "signals": {"user_agent": lead.user_agent, "seconds_on_form": lead.seconds_on_form, "honeypot": lead.honeypot},
    }
    if not lead.consent:
        value["consent"] = None
    return Body("/v1/leads", "application/json", json.dumps(value).encode())


def _flat(lead: DemoLead, times: _Times) -> dict[str, str]:
    flat = {
        "order": lead.order,
        "source": _page(lead),
        "sub_source": lead.sub_source,
        "external_id": lead.external_id,
        "submitted_at": times.submitted,
        **lead.fields,
        "ip_address": lead.ip,
        "user_agent": lead.user_agent,
        "seconds_on_form": str(lead.seconds_on_form),
    }
    if lead.consent:
        flat |= {"tcpa_text": lead.consent_text, "consent_timestamp": times.agreed}
    if lead.honeypot is not None:
        flat["honeypot"] = lead.honeypot
    return {name: value for name, value in flat.items() if value or name == "honeypot"}


def _json_flat(lead: DemoLead, times: _Times) -> Body:
    return Body("/v1/leads", "application/json", json.dumps(_flat(lead, times)).encode())


def _form(lead: DemoLead, times: _Times) -> Body:
    return Body("/v1/leads", "application/x-www-form-urlencoded", urlencode(_flat(lead, times)).encode())


_ADF_PLACES = {"first_name", "last_name", "email", "phone", "street", "city", "state", "postal_code", "loan_amount",
               "vehicle_year", "vehicle_make", "vehicle_model"}  # fmt: skip


def _adf(lead: DemoLead, times: _Times) -> Body:
    def element(name: str, content: str, attributes: str = "") -> str:
        return f"<{name}{attributes}>{escape(content)}</{name}>" if content else ""

    get = lead.fields.get
    consent = (
        f"<consent>{element('text', lead.consent_text)}{element('captured_at', times.agreed)}"
        f"{element('ip', lead.ip)}{element('page_url', _page(lead))}</consent>"
        if lead.consent
        else ""
    )
    signals = (
        f"<signals>{element('user_agent', lead.user_agent)}"
        f"{element('seconds_on_form', str(lead.seconds_on_form))}{element('honeypot', lead.honeypot or '')}</signals>"
    )
    own = "".join(
        element("field", value, f" name={quoteattr(name)}")
        for name, value in lead.fields.items()
        if name not in _ADF_PLACES
    )
    text = (
        '<?xml version="1.0" encoding="UTF-8"?>\n<?adf version="1.0"?>\n<adf><prospect status="new">'
        f"{element('id', lead.external_id, ' source=' + quoteattr(lead.seller))}"
        f"<requestdate>{times.submitted}</requestdate>"
        f'<vehicle interest="buy" status="used">{element("year", get("vehicle_year", ""))}'
        f"{element('make', get('vehicle_make', ''))}{element('model', get('vehicle_model', ''))}"
        f'<finance><amount type="total" currency="USD">{escape(get("loan_amount", ""))}</amount></finance></vehicle>'
        f'<customer><contact><name part="first">{escape(get("first_name", ""))}</name>'
        f'<name part="last">{escape(get("last_name", ""))}</name>{element("email", get("email", ""))}'
        f'<phone type="voice" time="day">{escape(get("phone", ""))}</phone>'
        f"<address>{element('street', get('street', ''), ' line=' + quoteattr('1'))}{element('city', get('city', ''))}"
        f"{element('regioncode', get('state', ''))}{element('postalcode', get('postal_code', ''))}</address>"
        "</contact></customer><vendor><vendorname>Big Bank</vendorname></vendor>"
        f"<provider><name>{escape(lead.seller)}</name><url>{escape(_page(lead))}</url></provider>"
        f"<leadline order={quoteattr(lead.order)} sub_source={quoteattr(lead.sub_source)}>{consent}{signals}{own}"
        "</leadline></prospect></adf>"
    )
    return Body("/v1/leads", "application/x-adf+xml", text.encode())


def _google_ads(lead: DemoLead, times: _Times) -> Body:
    """Standard columns in Google's own names; the form's further questions and its disclosure as custom ones."""
    google = {"email": "EMAIL", "phone": "PHONE_NUMBER", "first_name": "FIRST_NAME", "last_name": "LAST_NAME",
              "postal_code": "POSTAL_CODE", "city": "CITY", "state": "REGION", "street": "STREET_ADDRESS"}  # fmt: skip
    columns = [
        {"column_id": google.get(name, name), "string_value": value} for name, value in lead.fields.items() if value
    ]
    if lead.consent:
        columns.append({"column_id": "tcpa_text", "string_value": lead.consent_text})
        columns.append({"column_id": "consent_timestamp", "string_value": times.agreed})
    value = {
        "lead_id": lead.external_id,
        "user_column_data": columns,
        "api_version": "1.0",
        "form_id": 40_000_000,
        "campaign_id": 21_000_000_001,
        "adgroup_id": 150_000_000_001,
        "creative_id": 690_000_000_001,
        "gcl_id": "Cj0KCQ" + lead.external_id.replace("-", ""),
        "is_test": False,
        "lead_submit_time": times.submitted,
    }
    return Body(f"/v1/adapters/google-ads/{lead.order}", "application/json", json.dumps(value).encode())


def _meta(lead: DemoLead, times: _Times) -> Body:
    """What the Graph API returns for a lead form's lead."""
    meta = {"phone": "phone_number", "postal_code": "zip_code", "street": "street_address"}
    answers = [{"name": meta.get(name, name), "values": [value]} for name, value in lead.fields.items() if value]
    if lead.consent:
        answers.append({"name": "tcpa_text", "values": [lead.consent_text]})
        answers.append({"name": "consent_timestamp", "values": [times.agreed]})
    value = {
        "id": lead.external_id,
        "created_time": times.submitted.replace(".000Z", "+0000"),
        "ad_id": "23850000000000001",
        "form_id": "510000000000001",
        "field_data": answers,
    }
    return Body(f"/v1/adapters/meta/{lead.order}", "application/json", json.dumps(value).encode())
