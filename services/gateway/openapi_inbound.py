"""What the OpenAPI document says of the routes for providers and for the people who are written to. Pure."""

from __future__ import annotations

from services.gateway.inbound_service import ANSWERED_BY, CALL_STATUSES, EMAIL_TYPES
from services.gateway.openapi_parts import Json, content_of, failures, header, json_of, operation, path_parameter

#: Of the tag.
DESCRIPTION = """\
For the providers of texts, calls and e-mail, or an adapter in front of one: what people wrote back, and what became of
calls and e-mails. Signed by Standard Webhooks with the secret of the install; a timestamp more than five minutes from
ours is refused. Send a message again, under the same `webhook-id`, until it is answered with 200: it does nothing twice
and gets the same answer. An opt-out is answered once it holds: no contact begins after."""

_TEXT = """\
A text from a person. STOP and its like, in any wording, end texts at once, also from a number that nobody knows; HELP
is answered; anything else is a reply, which ends automatic messages and is a contact with the person. Where the answer
has a `reply`, send it at once to `reply.to`, once for its `id`: it is the one confirmation of an opt-out that the rules
allow (47 CFR 64.1200(a)(12)), or the help that was asked for."""
_CALL = """\
What became of a call that was set up for an agent, under the `id` that it was asked for with. `answered` by a person is
a live contact; `busy`, `no_answer`, `failed` and `canceled` are none. Statuses may come in any order and twice."""
_EMAIL = """\
A `bounce` (with `permanent`, the address is written to no more), a `complaint` (ends e-mails), or a `reply` of the
person, in which an opt-out is honoured as in a text; `automatic` where a program wrote it (Auto-Submitted, RFC 3834),
which is nobody's answer. `delivery_id` is the header X-Leadline-Delivery of the e-mail, and
the first part of its Message-ID."""
_LINK = "The link at the foot of an e-mail. It is all that it takes: no key, no log-in. It does not expire."

_PHONE: Json = {"type": "string", "pattern": r"^\+[1-9][0-9]{6,14}$", "description": "E.164."}
_TIME: Json = {"type": "string", "format": "date-time", "description": "When it was so; left out: now."}
_ID: Json = {"type": "string", "format": "uuid"}
_ADDRESS: Json = {"type": "string", "format": "email"}
_OUTCOME: Json = {"type": "string"}
_SIGNED = [
    header("webhook-id", "The message's id; the same whenever it is sent again."),
    header("webhook-timestamp", "When it is sent, seconds since 1970."),
    header("webhook-signature", "`v1,` and the signature in base64."),
]
_STATUSES = ("400", "401", "404", "408", "413", "415", "429", "503", "504")


def paths() -> Json:
    """The paths by their templates."""
    reply = _object({"id": {"type": "string"}, "from": _PHONE, "to": _PHONE, "text": {"type": "string"}}, required=())
    return {
        "/v1/inbound/text": _message(
            "receiveText", "Tell what a person texted", _TEXT,
            {"from": _PHONE, "to": _PHONE, "text": {"type": "string"}, "received_at": _TIME},
            ("from", "to", "text"),
            {"from": "+12025550123", "to": "+18005550100", "text": "Please stop texting me"},
            {"reply": reply},
        ),
        "/v1/inbound/call-status": _message(
            "receiveCallStatus", "Tell what became of a call", _CALL,
            {
                "id": _ID, "status": {"enum": list(CALL_STATUSES)},
                "answered_by": {"enum": [word for word in ANSWERED_BY if word]}, "at": _TIME,
            },
            ("id", "status"),
            {"id": "01926f3e-0000-7000-8000-000000000001", "status": "answered", "answered_by": "person"},
        ),
        "/v1/inbound/email": _message(
            "receiveEmail", "Tell what became of an e-mail", _EMAIL,
            {
                "type": {"enum": list(EMAIL_TYPES)}, "address": _ADDRESS, "to": _ADDRESS, "delivery_id": _ID,
                "permanent": {"type": "boolean"}, "automatic": {"type": "boolean"}, "subject": {"type": "string"},
                "text": {"type": "string"},
                "received_at": _TIME,
            },
            ("type", "address"),
            {"type": "bounce", "address": "ann@mail.example", "permanent": True},
        ),
        "/u/{token}": {
            "get": _link("askUnsubscribe", "Ask before e-mails end", f"{_LINK} Changes nothing.", None),
            "post": _link("unsubscribe", "End e-mails", f"{_LINK} One click by RFC 8058.", {
                "application/x-www-form-urlencoded": {
                    "schema": {"type": "object", "properties": {
                        "List-Unsubscribe": {"const": "One-Click"},
                        "contact": {"const": "none", "description": "Ends texts and calls, too."},
                    }},
                },
            }),
        },
    }  # fmt: skip


def _message(
    name: str, summary: str, description: str, fields: Json, required: tuple[str, ...], example: Json,
    also: Json | None = None,
) -> Json:  # fmt: skip
    answer = _object({"outcome": _OUTCOME, **(also or {})}, required=("outcome",))
    content = {"application/json": {"schema": _object(fields, required), "example": example}}
    told = failures(*_STATUSES)
    told["401"]["description"] = "No signature, none that is good, or one too long ago."
    told["404"]["description"] = "No provider is set up."
    responses = {"200": json_of("What it was taken for.", answer), **told}
    described = operation(name, "Inbound", summary, description, content, responses, list(_SIGNED))
    return {"post": {**described, "security": []}}


def _link(name: str, summary: str, description: str, content: Json | None) -> Json:
    page = {"text/html": {"schema": {"type": "string"}}}
    responses = {
        "200": content_of("A page for people.", page),
        "404": content_of("This install did not write the link.", page),
        "503": content_of("Not now; see Retry-After.", page),
        **({} if content is None else failures("408", "413", "415")),
    }
    token = path_parameter("token", "As the e-mail has it.")
    described = operation(name, "Inbound", summary, description, content, responses, [token])
    if content is not None:
        described["requestBody"]["required"] = False
    return {**described, "security": []}


def _object(properties: Json, required: tuple[str, ...]) -> Json:
    return {"type": "object", "properties": properties, **({"required": list(required)} if required else {})}
