"""What the service says of itself: the API's description for programs and for people, and whether it is well."""

from __future__ import annotations

import base64
import hashlib
import re
import shlex
from collections.abc import Mapping
from pathlib import Path

import msgspec
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from services.gateway import aliases, examples, problems
from services.gateway.exchange import Request, Response
from services.gateway.health_client import FirstContact
from services.gateway.openapi import document
from services.gateway.service import REASON_CODES
from shared.runtime.clock import Clock

VERSION = "1"

_TEMPLATES = Path(__file__).parent / "templates"
_STYLE = re.compile(r"<style>(.*?)</style>", re.DOTALL)
_CODE = re.compile(r"`([^`]+)`")


class Pages:
    """The handlers of the service's own pages; everything is rendered once, here, but for the examples' times."""

    def __init__(self, contact: FirstContact, clock: Clock) -> None:
        self._contact = contact
        self._clock = clock
        described = document(VERSION)
        self._openapi = msgspec.json.format(msgspec.json.encode(described), indent=2).decode()
        self._docs = _render(described)
        self._docs_headers = security_headers(self._docs)

    async def openapi(self, _: Request) -> Response:
        """`GET /openapi.json`."""
        return Response(200, self._present(self._openapi))

    async def docs(self, _: Request) -> Response:
        """`GET /docs`."""
        return Response(200, self._present(self._docs), b"text/html; charset=utf-8", headers=self._docs_headers)

    def _present(self, page: str) -> bytes:
        return examples.at(page, self._clock.now()).encode()

    async def healthz(self, _: Request) -> Response:
        """`GET /healthz`: the process lives."""
        return Response.json({"status": "alive"})

    async def readyz(self, _: Request) -> Response:
        """`GET /readyz`: the process takes work."""
        return (
            Response.json({"status": "ready"}) if self._contact.ready else Response.json({"status": "not ready"}, 503)
        )


def curl(example: examples.Example) -> str:
    """The line that posts an example from a shell."""
    also = f'  -H "{example.header}" \\\n' if example.header else ""
    return (
        f"curl -sS 'http://127.0.0.1:8080{example.path}' \\\n"
        '  -H "Authorization: Bearer $ACCESS_KEY" \\\n'
        f"  -H 'Content-Type: {example.media_type}' \\\n{also}"
        f"  --data-binary {shlex.quote(example.body)}"
    )


def templates() -> Environment:
    """The pages that are written for people; whatever goes into one is escaped."""
    return Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _render(described: Mapping[str, object]) -> str:
    environment = templates()
    environment.filters["pieces"] = _pieces
    return environment.get_template("docs.html.j2").render(
        api=described,
        curls=[(example, curl(example)) for example in examples.SHOWN],
        codes=list(REASON_CODES.values()),
        problems=[
            *((problems.code_of(kind), problems.status_of(kind), title) for kind, title in problems.TITLES.items()),
            *((code, edge.status, edge.title) for code, edge in problems.EDGE.items()),
        ],
        controls=aliases.CONTROLS,
        fields=aliases.FIELDS,
    )


def _pieces(text: str) -> list[tuple[bool, str]]:
    """A text in pieces, each with whether it stood between backticks."""
    return [(nth % 2 == 1, piece) for nth, piece in enumerate(_CODE.split(text)) if piece]


def security_headers(html: str) -> tuple[tuple[bytes, bytes], ...]:
    """Nothing may load or run but the one style sheet inside the page, known by its hash."""
    return _guards(html, form_action="'none'")


def form_headers(html: str) -> tuple[tuple[bytes, bytes], ...]:
    """As `security_headers`, for a page whose form is sent to us."""
    return _guards(html, form_action="'self'")


def _guards(html: str, form_action: str) -> tuple[tuple[bytes, bytes], ...]:
    hashes = [base64.b64encode(hashlib.sha256(style.encode()).digest()).decode() for style in _STYLE.findall(html)]
    allowed = " ".join(f"'sha256-{digest}'" for digest in hashes)
    policy = (
        f"default-src 'none'; style-src {allowed}; base-uri 'none'; form-action {form_action}; frame-ancestors 'none'"
    )
    return (
        (b"content-security-policy", policy.encode()),
        (b"x-frame-options", b"DENY"),
        (b"referrer-policy", b"no-referrer"),
        (b"cross-origin-opener-policy", b"same-origin"),
    )
