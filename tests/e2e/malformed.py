"""Bodies that cannot be read as a lead, in every format."""

from __future__ import annotations

JSON, FORM, ADF = "application/json", "application/x-www-form-urlencoded", "application/x-adf+xml"
GOOGLE, META = "/v1/adapters/google-ads/own-auto-2026", "/v1/adapters/meta/own-auto-2026"
BIG = 5_000_000
#: Stands in most bodies; no answer may repeat it.
CANARY = "Zebulonia"

_LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
_BOMB = f'<?xml version="1.0"?><!DOCTYPE adf [<!ENTITY l0 "{CANARY}">{_LAUGHS}]><adf><prospect>&l9;</prospect></adf>'
_BLOW_UP = f'<!DOCTYPE adf [<!ENTITY a "{CANARY * 1000}">]><adf><prospect>{"&a;" * 5000}</prospect></adf>'
_OUTSIDE = '<!DOCTYPE adf [<!ENTITY a SYSTEM "file:///etc/passwd">]><adf><prospect>&a;</prospect></adf>'

#: Path, content type and body by what is wrong.
MALFORMED: dict[str, tuple[str, str, bytes]] = {
    "json cut short": ("/v1/leads", JSON, b'{"first_name": "Zebulonia", "phone": "512'),
    "json wrong type": ("/v1/leads", JSON, b'{"first_name": {"is": "Zebulonia"}}'),
    "json not an object": ("/v1/leads", JSON, b'["Zebulonia"]'),
    "json lead not an object": ("/v1/leads", JSON, b'{"lead": ["Zebulonia"]}'),
    "json wrong time": ("/v1/leads", JSON, b'{"submitted_at": "Zebulonia"}'),
    "json 5 MB": ("/v1/leads", JSON, b'{"a": "' + b"Zebulonia" * (BIG // 9) + b'"}'),
    "json nested": ("/v1/leads", JSON, b'{"a":' * 5000 + b"1" + b"}" * 5000),
    "json NUL": ("/v1/leads", JSON, b'{"first_name": "Zebulonia\\u0000"}'),
    "json key twice": ("/v1/leads", JSON, b'{"first_name": "Zebulonia", "first_name": "Ann"}'),
    "json not UTF-8": ("/v1/leads", JSON, b'{"first_name": "Zebulonia\xe9"}'),
    "json wrong charset": ("/v1/leads", f"{JSON}; charset=utf-16", '{"first_name": "Zebulonia"}'.encode("utf-16")),
    "json empty": ("/v1/leads", JSON, b""),
    "form wrong time": ("/v1/leads", FORM, b"first_name=Zebulonia&submitted_at=Zebulonia"),
    "form 5 MB": ("/v1/leads", FORM, b"first_name=" + b"Z" * BIG),
    "form NUL": ("/v1/leads", FORM, b"first_name=Zebulonia%00"),
    "form field twice": ("/v1/leads", FORM, b"first_name=Zebulonia&first_name=Ann"),
    "form not UTF-8": ("/v1/leads", FORM, b"last_name=Lee&first_name=Zebulonia%ff"),
    "form wrong charset": ("/v1/leads", f"{FORM}; charset=utf-16", b"first_name=Zebulonia"),
    "form empty": ("/v1/leads", FORM, b""),
    "adf cut short": ("/v1/leads", ADF, b"<adf><prospect><customer>Zebulonia"),
    "adf wrong time": ("/v1/leads", ADF, b"<adf><prospect><requestdate>Zebulonia</requestdate></prospect></adf>"),
    "adf 5 MB": ("/v1/leads", ADF, b"<adf>" + b"Zebulonia" * (BIG // 9) + b"</adf>"),
    "adf entities in entities": ("/v1/leads", ADF, _BOMB.encode()),
    "adf one entity often": ("/v1/leads", ADF, _BLOW_UP.encode()),
    "adf file of ours": ("/v1/leads", ADF, _OUTSIDE.encode()),
    "adf nested": ("/v1/leads", ADF, b"<a>" * 5000 + b"</a>" * 5000),
    "adf NUL": ("/v1/leads", ADF, b"<adf><prospect>Zebulonia\x00</prospect></adf>"),
    "adf two leads": ("/v1/leads", ADF, b"<adf><prospect>Zebulonia</prospect><prospect/></adf>"),
    "adf something else": ("/v1/leads", ADF, b"<html>Zebulonia</html>"),
    "adf wrong charset": ("/v1/leads", "application/xml; charset=utf-16", b"<adf>Zebulonia</adf>"),
    "google cut short": (GOOGLE, JSON, b'{"lead_id": "Zebulonia", "user_col'),
    "google wrong type": (GOOGLE, JSON, b'{"lead_id": "1", "user_column_data": "Zebulonia"}'),
    "google 5 MB": (GOOGLE, JSON, b'{"lead_id": "' + b"Z" * BIG + b'"}'),
    "google NUL": (GOOGLE, JSON, b'{"lead_id": "Zebulonia\\u0000", "user_column_data": []}'),
    "google key twice": (GOOGLE, JSON, b'{"lead_id": "Zebulonia", "lead_id": "2"}'),
    "google not UTF-8": (GOOGLE, JSON, b'{"lead_id": "Zebulonia\xe9"}'),
    "google wrong charset": (GOOGLE, f"{JSON}; charset=utf-16", b'{"lead_id": "Zebulonia"}'),
    "meta cut short": (META, JSON, b'{"id": "Zebulonia", "field_d'),
    "meta wrong type": (META, JSON, b'{"id": "1", "field_data": "Zebulonia"}'),
    "meta 5 MB": (META, JSON, b'{"id": "' + b"Z" * BIG + b'"}'),
    "meta NUL": (META, JSON, b'{"id": "Zebulonia\\u0000", "field_data": []}'),
    "meta key twice": (META, JSON, b'{"id": "Zebulonia", "id": "2"}'),
    "meta not UTF-8": (META, JSON, b'{"id": "Zebulonia\xe9"}'),
    "meta wrong charset": (META, f"{JSON}; charset=utf-16", b'{"id": "Zebulonia"}'),
}
