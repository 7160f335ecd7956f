"""The examples that the documentation shows; a test posts each of them. Pure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Example:
    """One request body that works as it stands."""

    title: str
    path: str
    media_type: str
    body: str


JSON = Example(
    "JSON, structured",
    "/v1/leads",
    "application/json",
    """{
  "order": "marco-auto-2026",
  "source": "https://www.best-auto-loans.example/apply",
  "sub_source": "fb-7",
  "external_id": "m-123",
  "submitted_at": "2026-11-22T10:00:00Z",
  "lead": {
    "first_name": "Ann", "last_name": "Lee", "email": "ann.lee@mail.example", "phone": "512-555-0143",
    "street": "12 Oak Street", "city": "Austin", "state": "TX", "postal_code": "78701",
    "loan_amount": 25000, "vehicle_year": 2022
  },
  "consent": {
    "text": "By pressing Send I agree that Big Bank may call and text me about my loan request.",
    "captured_at": "2026-11-22T10:00:00Z",
    "ip": "203.0.113.9",
    "page_url": "https://www.best-auto-loans.example/apply",
    "certificate": "https://cert.trustedform.com/0123456789abcdef0123456789abcdef01234567"
  },
  "signals": {"user_agent": "Mozilla/5.0", "seconds_on_form": 42, "honeypot": ""}
}""",
)

FLAT = Example(
    "JSON, flat",
    "/v1/leads",
    "application/json",
    """{
  "order": "marco-auto-2026", "source": "best-auto-loans.example", "lead_id": "m-124",
  "firstName": "Ann", "lastName": "Lee", "email": "ann.lee@mail.example", "phone": "512-555-0143", "zip": "78701",
  "tcpa_text": "By pressing Send I agree that Big Bank may call and text me about my loan request.",
  "xxTrustedFormCertUrl": "https://cert.trustedform.com/0123456789abcdef0123456789abcdef01234567"
}""",
)

FORM = Example(
    "HTML form",
    "/v1/leads",
    "application/x-www-form-urlencoded",
    "order=marco-auto-2026&source=best-auto-loans.example&external_id=m-125&first_name=Ann&last_name=Lee"
    "&email=ann.lee%40mail.example&phone=512-555-0143&zip=78701",
)

ADF = Example(
    "ADF 1.0",
    "/v1/leads?order=marco-auto-2026",
    "application/x-adf+xml",
    """<?xml version="1.0" encoding="UTF-8"?>
<?adf version="1.0"?>
<adf>
  <prospect status="new">
    <id sequence="1" source="best-auto-loans">m-126</id>
    <requestdate>2026-11-22T10:00:00-06:00</requestdate>
    <vehicle interest="buy" status="used">
      <year>2022</year><make>Honda</make><model>Civic</model>
      <finance><method>finance</method><amount type="total" currency="USD">25000</amount></finance>
    </vehicle>
    <customer>
      <contact>
        <name part="first">Ann</name><name part="last">Lee</name>
        <email>ann.lee@mail.example</email><phone type="voice">512-555-0143</phone>
        <address>
          <street line="1">12 Oak Street</street><city>Austin</city><regioncode>TX</regioncode>
          <postalcode>78701</postalcode>
        </address>
      </contact>
    </customer>
    <vendor><vendorname>Big Bank</vendorname></vendor>
    <provider><name part="full">Marco Leads</name><url>https://www.best-auto-loans.example/</url></provider>
    <leadline sub_source="fb-7">
      <consent>
        <text>By pressing Send I agree that Big Bank may call and text me about my loan request.</text>
        <captured_at>2026-11-22T10:00:00-06:00</captured_at>
        <ip>203.0.113.9</ip>
        <page_url>https://www.best-auto-loans.example/apply</page_url>
        <certificate>https://cert.trustedform.com/0123456789abcdef0123456789abcdef01234567</certificate>
      </consent>
      <signals><seconds_on_form>42</seconds_on_form></signals>
      <field name="credit_rating">good</field>
    </leadline>
  </prospect>
</adf>""",
)

GOOGLE_ADS = Example(
    "Google Ads lead form",
    "/v1/adapters/google-ads/marco-auto-2026",
    "application/json",
    """{
  "lead_id": "g-127", "api_version": "1.0", "form_id": 40000000000, "campaign_id": 12345678, "is_test": false,
  "lead_submit_time": "2026-11-22T10:00:00Z",
  "user_column_data": [
    {"column_id": "FULL_NAME", "column_name": "Full name", "string_value": "Ann Lee"},
    {"column_id": "EMAIL", "column_name": "Email", "string_value": "ann.lee@mail.example"},
    {"column_id": "PHONE_NUMBER", "column_name": "Phone", "string_value": "+15125550143"},
    {"column_id": "POSTAL_CODE", "column_name": "ZIP", "string_value": "78701"}
  ]
}""",
)

META = Example(
    "Meta lead form",
    "/v1/adapters/meta/marco-auto-2026",
    "application/json",
    """{
  "id": "128", "created_time": "2026-11-22T10:00:00+0000", "form_id": "777", "ad_id": "999",
  "field_data": [
    {"name": "first_name", "values": ["Ann"]},
    {"name": "last_name", "values": ["Lee"]},
    {"name": "email", "values": ["ann.lee@mail.example"]},
    {"name": "phone_number", "values": ["+15125550143"]},
    {"name": "zip_code", "values": ["78701"]}
  ]
}""",
)

NDJSON = Example(
    "NDJSON",
    "/v1/leads:batch",
    "application/x-ndjson",
    '{"order": "marco-auto-2026", "external_id": "m-129", "first_name": "Ann", "phone": "512-555-0143"}\n'
    '{"order": "marco-auto-2026", "external_id": "m-130", "first_name": "Bo", "phone": "512-555-0177"}\n',
)

ALL = (JSON, FLAT, FORM, ADF, GOOGLE_ADS, META, NDJSON)
