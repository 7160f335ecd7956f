"""The OpenAPI 3.1 document: operations by hand, answers from the very types that are sent. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from services.gateway import aliases, examples, openapi_inbound, reading
from services.gateway.answers import Answer, Orders, PingAnswer, ReturnAsked, Returns, Statement
from services.gateway.examples import Example
from services.gateway.formats import batch
from services.gateway.openapi_parts import (
    REF,
    Json,
    content_of,
    failures,
    header,
    json_of,
    operation,
    path_parameter,
    query,
    ref,
)
from services.gateway.posted import BODY_BYTES, FIELDS, VALUE_BYTES
from services.gateway.problems import Problem

_INTRODUCTION = f"""\
Post a lead, get its answer in the same exchange: bought at a price, not bought with all reasons, or kept as pending.

A rejected lead is a normal answer (HTTP 200, price 0.00). Anything else is `application/problem+json`, whose `code`
is stable and whose `errors` name each field and what was expected. What you sent is never repeated.

Access key: `Authorization: Bearer`, or `X-Access-Key`. A poster that can set no header may send the field `access_key`
(Google Ads: `google_key`) in the body; it is taken out before the body is kept. Never in the address.

Send it again safely: `Idempotency-Key`, else `external_id`, stands for the submission for 30 days; without either, the
same content does for 10 minutes. The same key with other content is refused with 409. After a 503, a 504 or no answer
at all, send the same request again. In a batch each lead's key is `<Idempotency-Key>#<index>`.

Limits: {BODY_BYTES // 1024} KiB and {FIELDS} fields a lead, {VALUE_BYTES // 1024} KiB a value; UTF-8 (forms and XML
also ISO-8859-1 and US-ASCII where they say so). A field that nobody knows is kept and named in `unknown_fields`.
Order, source, sub-source and test may be given in the address (`?order=…`) where the body has no place for them.
"""
_META = """\
Takes what Meta's Graph API returns for a lead (`field_data` with names and values), alone or as the `value` (or entry)
of the webhook's envelope; an envelope is answered with an array, one answer per lead. Meta's webhook itself only
announces a lead: fetch the lead's data from Meta first, by its leadgen id and with the page's token, then post it here.
A bare notification is refused with 400. The access key is sent in a header only: an address ends up in logs."""
_GOOGLE = """\
Takes the lead form webhook as Google sends it. Enter the access key as the form's key: it arrives as `google_key`.
`lead_id` identifies the submission, `campaign_id` becomes the sub-source, `is_test` is a test."""
_BATCH = f"""\
1 to {batch.LEADS} leads in at most {batch.BATCH_BYTES // 1024 // 1024} MiB: a JSON array, or NDJSON with a lead on each
line (blank lines are passed over). One answer or problem per lead, in order, each with its `index` from 0; a lead that
cannot be read spoils no other. Answers of NDJSON come as NDJSON, while later leads are still being decided."""
_COUNT: Json = {"type": "integer", "minimum": 0}
_SIGNALS: Mapping[str, Json] = {
    "user_agent": {"type": "string", "description": "The consumer's browser, from its request header."},
    "seconds_on_form": {"type": "number", "minimum": 0, "description": "From form shown to form sent."},
    "honeypot": {"type": "string", "description": "The field that people cannot see, as it was sent."},
    "keystrokes": {**_COUNT, "description": "Keys pressed in the form's fields."},
    "pastes": {**_COUNT, "description": "Fields that were filled in by pasting."},
    "autofills": {**_COUNT, "description": "Fields that the browser or a password manager filled in."},
    "pointer_events": {**_COUNT, "description": "Mouse moves, clicks and touches on the page."},
    "device_id": {"type": "string", "description": "Your own id of the device, the same for the same device."},
    "webdriver": {"type": "boolean", "description": "What the browser's `navigator.webdriver` said."},
}
_ONE = """\
JSON may be structured (`lead`, `consent`, `signals`) or flat. Well-known names of other systems are understood, such as
`firstName`, `zip`, `xxTrustedFormCertUrl`, `universal_leadid` or `tcpa_text`. Signals tell people from
programs; one that you leave out says nothing. XML is read as ADF 1.0: ADF has no place for consent, so a prospect may
hold one `<leadline>` element with `order`, `sub_source` and `test` as attributes, and `<consent>`, `<signals>` and
`<field name="…">` inside."""

_PING = """\
Tell what the lead is about, without the person or with `phone_sha256` and `email_sha256` (SHA-256 in hex of the
phone in E.164, and of the address in lower case; of Gmail's without dots and tag). The person's fields and the
consent are not asked for; what you tell of them is judged. Bought before, no room, criteria: everything else is as
for a lead.

A bid holds its price and a place under the order's caps until `expires_at`. Post the lead with the token, as
`bid_token` in the body or in the header `X-Bid-Token`, and it is paid that price, by the order's terms at the time
of the ping. Every field that you pinged must come again with the same value, and so must the source and the person
whose hashes you sent: else the post is rejected, `bid_mismatch`, with each field that differs, and the bid waits
for the right lead. A token that was altered, was another seller's, or was used by another lead is a `bid_mismatch`
of `bid_token`; one that came too late is `bid_expired`. A post that is rejected for its own sake gives its bid up.
Without a key, each ping is a new one."""

_STATEMENT = """\
Straight from the ledger: what could be paid to you when the period began, what each order version bought, credits,
fees, adjustments and disputes, and what can be paid at its end; then every movement with its lead and its cause.
Without a period it is this month so far, by the buyer's time zone. A closed statement has a number and a digest and
never changes; what moves later for its leads is in the next one. Ask for `text/csv` for a table: no cell of it can run
as a formula."""

_RETURNS = """\
Leads that the buyer asks back. Give the buyer an https URL and you are told each step by POST: `return.requested`
(answer by `data.answer_by`), `return.granted`, `.contested`, `.disputed`, `.upheld`, `.reversed`, `.refused`,
`.reinstated` or `.withdrawn` as `type`; `data` is the return. Signed by Standard Webhooks with the secret that the
buyer hands you; answer 2xx within 10 s, else it comes again for three days. One may come twice: its `webhook-id` is
the same."""
_DISPUTE = "Until `dispute_by`. The amount is withheld until the buyer has decided."


def document(version: str) -> Json:
    """The whole document."""
    shown = (Answer, PingAnswer, Problem, Statement, Orders, Returns, ReturnAsked)
    _, schemas = msgspec.json.schema_components(shown, ref_template=REF)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Leadline seller API", "version": version, "description": _INTRODUCTION},
        "servers": [{"url": "/"}],
        "security": [{"bearer": []}, {"accessKey": []}],
        "tags": [
            {"name": "Leads", "description": "Posting leads and asking what became of them."},
            {"name": "Pings", "description": "Asking for a bid before the person is told."},
            {"name": "Adapters", "description": "Payloads of ad platforms, as they come."},
            {"name": "Orders", "description": "What the buyer takes."},
            {"name": "Statement", "description": "What you are owed."},
            {"name": "Returns", "description": _RETURNS},
            {"name": "Inbound", "description": openapi_inbound.DESCRIPTION},
            {"name": "Service", "description": "The service itself."},
        ],
        "paths": _paths(),
        "components": {
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "accessKey": {"type": "apiKey", "in": "header", "name": "X-Access-Key"},
            },
            "schemas": {**schemas, **_posted()},
        },
    }


def _paths() -> Json:
    single = {kind: _posted_as(kind, form) for kind, form in reading.SINGLE.items()}
    many = {"type": "array", "items": {"anyOf": [ref("Answer"), ref("Problem")]}}
    lines = {"type": "string", "description": "One answer or problem a line."}
    adapter = [path_parameter("order", "The insertion order.")]
    return {
        "/v1/leads": {
            "post": operation(
                "postLead", "Leads", "Post one lead", _ONE, single, _answers(),
                [header("Idempotency-Key", "Identifies the submission for 30 days."),
                 header("X-Bid-Token", "The token of the bid that the lead takes up."),
                 header("traceparent", "W3C trace context to go on with."), *_words()],
            )
        },
        "/v1/leads:batch": {
            "post": operation(
                "postLeads", "Leads", "Post many leads", _BATCH,
                {
                    "application/json": {"schema": {"type": "array", "items": ref("Lead"), "maxItems": batch.LEADS}},
                    "application/x-ndjson": {
                        "schema": {"type": "string"}, "example": examples.NDJSON.body,
                    },
                },
                {
                    "200": content_of("An answer or a problem per lead.", {
                        "application/json": {"schema": many}, "application/x-ndjson": {"schema": lines},
                    }),
                    **failures("400", "401", "408", "413", "415"),
                },
                [header("Idempotency-Key", "Identifies each submission, together with its index."), *_words()],
            )
        },
        "/v1/leads/{id}": {
            "get": operation(
                "getLead", "Leads", "Ask about one lead",
                "The answer again, or by now, of a lead of yours; `receipt` tells the rules behind its reasons.", None,
                {"200": json_of("The lead.", ref("Answer")), **failures("400", "401", "404", "503")},
                [path_parameter("id", "The lead's id.")],
            )
        },
        "/v1/pings": {
            "post": operation(
                "postPing", "Pings", "Ask for a bid", _PING,
                {
                    "application/json": {"schema": ref("Lead"), "example": _decoded(examples.PING)},
                    "application/x-www-form-urlencoded": {
                        "schema": {"type": "object", "additionalProperties": {"type": "string"}}
                    },
                },
                {
                    "200": json_of("Answered: bid or no bid.", ref("PingAnswer")),
                    **failures("400", "401", "403", "408", "409", "413", "415", "429", "503", "504"),
                },
                [header("Idempotency-Key", "Identifies the ping for 30 days; else `external_id` does."), *_words()],
            )
        },
        "/v1/adapters/google-ads/{order}": {
            "post": operation(
                "postGoogleAdsLead", "Adapters", "Post a Google Ads lead", _GOOGLE,
                {"application/json": {"schema": {"type": "object"}, "example": _decoded(examples.GOOGLE_ADS)}},
                _answers(), [*adapter, *_words(without="order")],
            )
        },
        "/v1/adapters/meta/{order}": {
            "post": operation(
                "postMetaLead", "Adapters", "Post a Meta lead", _META,
                {"application/json": {"schema": {"type": "object"}, "example": _decoded(examples.META)}},
                _answers({"oneOf": [ref("Answer"), many]}), [*adapter, *_words(without="order")],
            )
        },
        "/v1/orders": {
            "get": operation(
                "getOrders", "Orders", "Ask what you can sell",
                "Your active orders: what they pay, whether they buy by now, and how many leads and how much money "
                "each cap leaves. What is left may be sold to others of your keys meanwhile.", None,
                {"200": json_of("The orders.", ref("Orders")), **failures("400", "401", "403", "503")}, [],
            )
        },
        "/v1/statement": {
            "get": operation(
                "getStatement", "Statement", "Ask what you are owed",
                _STATEMENT, None,
                {
                    "200": content_of("The statement.", {
                        "application/json": {"schema": ref("Statement")}, "text/csv": {"schema": {"type": "string"}},
                        "text/html": {"schema": {"type": "string"}},
                    }),
                    **failures("400", "401", "403", "404", "503"),
                },
                [query("month", "A month by the buyer's time zone, such as `2026-11`."),
                 query("number", "The number of a closed statement."),
                 query("from", "First instant of the period: a date (UTC) or a time with its offset."),
                 query("to", "End of the period, exclusive."),
                 query("format", "`json`, `csv` or `html`, where the Accept header cannot say it.")],
            )
        },
        "/v1/returns": {
            "get": operation(
                "getReturns", "Returns", "Ask what is asked back from you", "Newest first, a page at a time.", None,
                {"200": json_of("The returns.", ref("Returns")), **failures("400", "401", "403", "503")},
                [query("state", "Only those in this state, such as `open`."),
                 query("page", "`next_page` of the answer before.")],
            )
        },
        "/v1/returns/{id}": {
            "get": operation(
                "getReturn", "Returns", "Ask about one return", "With what happened to it.", None,
                {"200": json_of("The return.", ref("ReturnAsked")), **failures("400", "401", "403", "404", "503")},
                [path_parameter("id", "The return's id.")],
            )
        },
        "/v1/returns/{id}/agree": _step("agreeToReturn", "Take an open one back", "The amount is given back at once."),
        "/v1/returns/{id}/contest": _step("contestReturn", "Say no to an open one", "The buyer decides."),
        "/v1/returns/{id}/dispute": _step("disputeReturn", "Say no to a granted one", _DISPUTE),
        **openapi_inbound.paths(),
        "/openapi.json": _open("getOpenApi", "This document", "application/json"),
        "/docs": _open("getDocs", "This document, for people", "text/html"),
        "/healthz": _open("getHealth", "Whether the process lives", "application/json"),
        "/readyz": _open("getReadiness", "Whether the process takes work", "application/json", failing="503"),
    }  # fmt: skip


def _posted() -> Json:
    """Schemas of what is posted; open, because products have fields of their own."""
    text = {"type": ["string", "number", "boolean", "null"]}
    time = {"type": "string", "format": "date-time"}

    def section(prefix: str, special: Mapping[str, Json]) -> Json:
        names = [word.removeprefix(prefix) for word in aliases.CONTROLS if word.startswith(prefix)]
        return {"type": "object", "properties": {name: special.get(name, {"type": "string"}) for name in names}}

    named = ("order", "source", "sub_source", "external_id", "idempotency_key", "bid_token")
    words = {word: {"type": "string"} for word in named}
    return {
        "Lead": {
            "type": "object",
            "description": "Structured where it has `lead`, else flat: then the lead's fields stand beside the rest.",
            "properties": {
                **words,
                "submitted_at": {**time, "description": "When the consumer pressed the button."},
                "test": {"type": "boolean", "description": "Decide without money, calls or reports."},
                "lead": {
                    "type": "object",
                    "properties": dict.fromkeys(aliases.FIELDS, text),
                    "additionalProperties": text,
                },
                "consent": section("consent.", {"captured_at": time, "shown_at": time}),
                "signals": section("signals.", _SIGNALS),
            },
        }
    }


def _posted_as(kind: str, form: reading.Format) -> Json:
    if form is reading.Format.JSON:
        shown = {"structured": {"value": _decoded(examples.JSON)}, "flat": {"value": _decoded(examples.FLAT)}}
        return {"schema": ref("Lead"), "examples": shown}
    if form is reading.Format.FORM:
        return {"schema": {"type": "object", "additionalProperties": {"type": "string"}}}
    return {"schema": {"type": "string"}, "example": examples.ADF.body} if "adf" in kind else {
        "schema": {"type": "string", "description": "ADF 1.0."}
    }  # fmt: skip


def _step(name: str, summary: str, description: str) -> Json:
    why = {"type": "string", "minLength": 1, "maxLength": 500, "description": "Why; never contact data."}
    word = {"type": "object", "properties": {"why": why}, "required": ["why"], "additionalProperties": False}
    told = failures("400", "401", "403", "404", "408", "409", "413", "415", "503", "504")
    told["409"]["description"] = "It is in another state by now. Ask for it; after a 503 or 504, too."
    content = {"application/json": {"schema": word, "example": {"why": "we reached the person on the same day"}}}
    responses = {"200": json_of("The return after it.", ref("ReturnAsked")), **told}
    parameters = [path_parameter("id", "The return's id.")]
    return {"post": operation(name, "Returns", summary, description, content, responses, parameters)}


def _open(name: str, summary: str, kind: str, failing: str = "") -> Json:
    responses: Json = {"200": {"description": "Yes.", "content": {kind: {}}}}
    if failing:
        responses[failing] = {"description": "Not now.", "content": {kind: {}}}
    return {
        "get": {"operationId": name, "tags": ["Service"], "summary": summary, "security": [], "responses": responses}
    }


def _answers(schema: Json | None = None) -> Json:
    location = {"location": {"description": "Where to ask.", "schema": {"type": "string"}}}
    return {
        "200": json_of("Decided: accepted or rejected.", schema or ref("Answer")),
        "202": {**json_of("Kept as pending; ask at Location.", ref("Answer")), "headers": location},
        **failures("400", "401", "403", "404", "408", "409", "413", "415", "429", "503", "504"),
    }


def _words(without: str = "") -> list[Json]:
    return [
        query(word, "As in the body, where the body has no place for it.")
        for word in sorted(reading.QUERY_WORDS)
        if word != without
    ]


def _decoded(example: Example) -> Any:
    return msgspec.json.decode(example.body)
