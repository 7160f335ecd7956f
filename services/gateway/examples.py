"""The examples that the documentation shows: the demo catalog buys each of them, and a test posts each. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlencode

#: Every time of the examples, in UTC. Consent and leads grow old: `at` puts another instant in its place.
INSTANT = "2026-11-22T10:00:00"

# What the consumer agreed to, word for word as the catalog has it; only `*` is filled in.
_MARCO_WORDING = (
    'By clicking "Get my rate" I give my express written consent to Marco Media LLC and Big Bank to call and text me '
    "about auto loans at the number I provided, including by automated technology and prerecorded voice. "
    "Consent is not a condition of any purchase. Message and data rates may apply. Reply STOP to opt out."
)
_BROWSER = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 "
    "Mobile/15E148 Safari/604.1"
)
_LEAD_FORM_WORDING = (
    'By tapping "Submit" I agree that Big Bank may call and text me about my auto loan request, including with '
    "automated technology. This is not a condition of any loan."
)


@dataclass(frozen=True, slots=True)
class Example:
    """One request body that works as it stands."""

    title: str
    #: Whose access key goes with it.
    seller: str
    path: str
    media_type: str
    body: str
    #: A header that it needs besides, as a shell reads it.
    header: str = ""


def at(text: str, now: datetime) -> str:
    """A text with examples in it, all their times moved to `now`."""
    return text.replace(INSTANT, now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S"))


def _json(text: str) -> str:
    """The text with the wordings and the browser in place of their names."""
    long = (("MARCO_WORDING", _MARCO_WORDING), ("LEAD_FORM_WORDING", _LEAD_FORM_WORDING), ("BROWSER", _BROWSER))
    for name, wording in long:
        text = text.replace(name, wording.replace('"', '\\"'))
    return text


JSON = Example(
    "JSON, structured",
    "marco",
    "/v1/leads",
    "application/json",
    _json("""{
  "order": "marco-auto-2026",
  "source": "https://www.best-auto-loans.example/apply",
  "sub_source": "fb-7",
  "external_id": "m-124",
  "submitted_at": "2026-11-22T10:00:00Z",
  "lead": {
    "first_name": "Grace", "last_name": "Okafor", "email": "grace.okafor@mail.example", "phone": "512-443-2718",
    "street": "12 Oak Street", "city": "Austin", "state": "TX", "postal_code": "78704",
    "loan_amount": 25000, "vehicle_year": 2022
  },
  "consent": {
    "text": "MARCO_WORDING",
    "captured_at": "2026-11-22T10:00:00Z",
    "ip": "203.0.113.9",
    "page_url": "https://www.best-auto-loans.example/apply",
    "certificate": "https://cert.trustedform.com/0123456789abcdef0123456789abcdef01234567"
  },
  "signals": {
    "user_agent": "BROWSER",
    "seconds_on_form": 42, "honeypot": "", "keystrokes": 57, "pastes": 0, "autofills": 3, "pointer_events": 214,
    "device_id": "d-5f2c81", "webdriver": false
  }
}"""),
)

FLAT = Example(
    "JSON, flat",
    "marco",
    "/v1/leads",
    "application/json",
    _json("""{
  "order": "marco-auto-2026", "source": "best-auto-loans.example", "lead_id": "m-125",
  "firstName": "Daniel", "lastName": "Reyes", "email": "daniel.reyes@mail.example", "phone": "214-748-3921",
  "zip": "75204", "loan_amount": "18,500", "submit_time": "2026-11-22T10:00:00Z",
  "tcpa_text": "MARCO_WORDING",
  "xxTrustedFormCertUrl": "https://cert.trustedform.com/0123456789abcdef0123456789abcdef01234568"
}"""),
)

FORM = Example(
    "HTML form",
    "marco",
    "/v1/leads",
    "application/x-www-form-urlencoded",
    urlencode(
        {
            "order": "marco-auto-2026",
            "source": "best-auto-loans.example",
            "external_id": "m-126",
            "first_name": "Helen",
            "last_name": "Kim",
            "email": "helen.kim@mail.example",
            "phone": "713-529-6184",
            "zip": "77006",
            "loan_amount": "31000",
            "tcpa_text": _MARCO_WORDING,
            "tcpa_timestamp": f"{INSTANT}Z",
        },
        safe=":@",
    ),
)

ADF = Example(
    "ADF 1.0",
    "marco",
    "/v1/leads?order=marco-auto-2026",
    "application/x-adf+xml",
    f"""<?xml version="1.0" encoding="UTF-8"?>
<?adf version="1.0"?>
<adf>
  <prospect status="new">
    <id sequence="1" source="best-auto-loans">m-127</id>
    <requestdate>2026-11-22T10:00:00+00:00</requestdate>
    <vehicle interest="buy" status="used">
      <year>2022</year><make>Honda</make><model>Civic</model>
      <finance><method>finance</method><amount type="total" currency="USD">25000</amount></finance>
    </vehicle>
    <customer>
      <contact>
        <name part="first">Marcus</name><name part="last">Webb</name>
        <email>marcus.webb@mail.example</email><phone type="voice">512-327-6048</phone>
        <address>
          <street line="1">40 Elm Street</street><city>Austin</city><regioncode>TX</regioncode>
          <postalcode>78701</postalcode>
        </address>
      </contact>
    </customer>
    <vendor><vendorname>Big Bank</vendorname></vendor>
    <provider><name part="full">Marco Leads</name><url>https://www.best-auto-loans.example/</url></provider>
    <leadline sub_source="fb-7">
      <consent>
        <text>{_MARCO_WORDING}</text>
        <captured_at>2026-11-22T10:00:00+00:00</captured_at>
        <ip>203.0.113.9</ip>
        <page_url>https://www.best-auto-loans.example/apply</page_url>
        <certificate>https://cert.trustedform.com/0123456789abcdef0123456789abcdef01234569</certificate>
      </consent>
      <signals><seconds_on_form>42</seconds_on_form></signals>
      <field name="credit_rating">good</field>
    </leadline>
  </prospect>
</adf>""",
)

GOOGLE_ADS = Example(
    "Google Ads lead form",
    "big-bank-web",
    "/v1/adapters/google-ads/own-auto-2026",
    "application/json",
    _json("""{
  "lead_id": "g-128", "api_version": "1.0", "form_id": 40000000000, "campaign_id": 12345678, "is_test": false,
  "lead_submit_time": "2026-11-22T10:00:00Z",
  "user_column_data": [
    {"column_id": "FULL_NAME", "column_name": "Full name", "string_value": "Rosa Delgado"},
    {"column_id": "EMAIL", "column_name": "Email", "string_value": "rosa.delgado@mail.example"},
    {"column_id": "PHONE_NUMBER", "column_name": "Phone", "string_value": "+16022538417"},
    {"column_id": "POSTAL_CODE", "column_name": "ZIP", "string_value": "85004"},
    {"column_id": "tcpa_text", "string_value": "LEAD_FORM_WORDING"}
  ]
}"""),
)

META = Example(
    "Meta lead form",
    "big-bank-web",
    "/v1/adapters/meta/own-auto-2026",
    "application/json",
    _json("""{
  "id": "129", "created_time": "2026-11-22T10:00:00+0000", "form_id": "777", "ad_id": "999",
  "field_data": [
    {"name": "first_name", "values": ["Owen"]},
    {"name": "last_name", "values": ["Fraser"]},
    {"name": "email", "values": ["owen.fraser@mail.example"]},
    {"name": "phone_number", "values": ["+13034427195"]},
    {"name": "zip_code", "values": ["80203"]},
    {"name": "tcpa_text", "values": ["LEAD_FORM_WORDING"]}
  ]
}"""),
)

NDJSON = Example(
    "NDJSON",
    "marco",
    "/v1/leads:batch",
    "application/x-ndjson",
    _json(
        '{"order": "marco-auto-2026", "source": "best-auto-loans.example", "external_id": "m-130", '
        '"first_name": "Tara", "last_name": "Singh", "email": "tara.singh@mail.example", "phone": "404-577-2938", '
        '"zip": "30309", "loan_amount": 22000, "submitted_at": "2026-11-22T10:00:00Z", "tcpa_text": "MARCO_WORDING"}\n'
        '{"order": "marco-auto-2026", "source": "best-auto-loans.example", "external_id": "m-131", '
        '"first_name": "Leo", "last_name": "Brandt", "email": "leo.brandt@mail.example", "phone": "503-224-8176", '
        '"zip": "97205", "loan_amount": 14000, "submitted_at": "2026-11-22T10:00:00Z", "tcpa_text": "MARCO_WORDING"}\n'
    ),
)

PING = Example(
    "Ping",
    "marco",
    "/v1/pings",
    "application/json",
    """{
  "order": "marco-auto-2026", "source": "best-auto-loans.example", "external_id": "m-132",
  "lead": {
    "postal_code": "78745", "loan_amount": 21000,
    "phone_sha256": "dfcdb1fd8cb826eca14a916575a63f34fc3d6bd7cbfd83a2a7c38500d5d8cb2a",
    "email_sha256": "0404a608f27348925590b261a6df38552c140be748d65dcdaa6effc8ba4421ba"
  }
}""",
)

#: Answers the bid on `PING`, whose token it needs.
POST_OF_PING = Example(
    "Post of a ping, with the bid's token in BID_TOKEN",
    "marco",
    "/v1/leads",
    "application/json",
    _json("""{
  "order": "marco-auto-2026", "source": "best-auto-loans.example", "external_id": "m-132",
  "submitted_at": "2026-11-22T10:00:00Z",
  "first_name": "Nora", "last_name": "Whitfield", "email": "nora.whitfield@mail.example", "phone": "512-553-6281",
  "zip": "78745", "loan_amount": 21000, "tcpa_text": "MARCO_WORDING"
}"""),
    header="X-Bid-Token: $BID_TOKEN",
)

#: Leads that are bought as they stand.
ALL = (JSON, FLAT, FORM, ADF, GOOGLE_ADS, META, NDJSON)
#: Everything that the documentation shows.
SHOWN = (*ALL, PING, POST_OF_PING)
