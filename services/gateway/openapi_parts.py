"""What descriptions of operations are made of. Pure."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]

#: Where a schema is found by its name.
REF = "#/components/schemas/{name}"

_MEANINGS = {
    "400": "The request cannot be read.",
    "401": "No access key, or none that is valid.",
    "403": "The key is not for this.",
    "404": "There is no such thing for this key.",
    "408": "The body did not arrive in time.",
    "409": "The same submission key came with other content before.",
    "413": "Too large.",
    "415": "The format is not accepted; `errors` lists those that are.",
    "429": "Too much work in progress; see Retry-After.",
    "503": "Something this needs is away; see Retry-After. Send the same request again.",
    "504": "The outcome is unknown. Send the same request again.",
}


def failures(*statuses: str) -> Json:
    """Answers that are problems, by status."""
    return {
        status: content_of(_MEANINGS[status], {"application/problem+json": {"schema": ref("Problem")}})
        for status in statuses
    }


def content_of(description: str, content: Json) -> Json:
    """An answer with content by media type."""
    return {"description": description, "content": content}


def json_of(description: str, schema: Json) -> Json:
    """An answer in JSON."""
    return content_of(description, {"application/json": {"schema": schema}})


def ref(name: str) -> Json:
    """A schema by its name."""
    return {"$ref": REF.format(name=name)}


def header(name: str, description: str) -> Json:
    """A request header."""
    return {"name": name, "in": "header", "description": description, "schema": {"type": "string"}}


def path_parameter(name: str, description: str) -> Json:
    """A variable part of the path."""
    return {"name": name, "in": "path", "required": True, "description": description, "schema": {"type": "string"}}


def query(name: str, description: str) -> Json:
    """A word of the query."""
    return {"name": name, "in": "query", "description": description, "schema": {"type": "string"}}


def operation(
    name: str, tag: str, summary: str, description: str, content: Json | None, responses: Json, parameters: list[Json]
) -> Json:
    """One operation; `content`: what is posted, by media type."""
    described: Json = {
        "operationId": name,
        "tags": [tag],
        "summary": summary,
        "description": description,
        "parameters": parameters,
        "responses": responses,
    }
    if content is not None:
        described["requestBody"] = {"required": True, "content": content}
    return described
