"""A server of this machine that behaves like the documented Certificate API 4.0, and like it on its bad days."""

from __future__ import annotations

import asyncio
import json
from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

KEY = "k3y"


@dataclass
class CertificateService:
    """Certificates by id, and what was asked."""

    #: Per id, the e-mail and phone that the certificate recorded; None: it recorded neither.
    certificates: dict[str, tuple[str, str] | None] = field(default_factory=dict)
    retained: set[str] = field(default_factory=set)
    requests: list[dict[str, Any]] = field(default_factory=list)
    age_seconds: int = 3600
    domain: str = "best-auto-loans.example"
    #: Answer with this status, whatever is asked.
    status: int = 0
    #: Answer with this body and content type.
    body: bytes | None = None
    content_type: str = "application/json"
    #: Send whoever asks there.
    location: str = ""
    delay_seconds: float = 0.0
    url: str = ""
    under_way: int = 0
    most_under_way: int = 0

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.under_way += 1
        self.most_under_way = max(self.most_under_way, self.under_way)
        try:
            return await self._answer(request)
        finally:
            self.under_way -= 1

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        wanted = json.loads(await request.read())
        token = request.match_info["token"]
        self.requests.append({"token": token, "headers": dict(request.headers), "body": wanted})
        if self.delay_seconds:
            await asyncio.sleep(self.delay_seconds)
        if self.location:
            raise web.HTTPTemporaryRedirect(self.location)
        if self.body is not None:
            return web.Response(body=self.body, content_type=self.content_type)
        if self.status:
            return web.json_response({"outcome": "error", "reason": "bad day"}, status=self.status)
        if request.headers["Authorization"] != f"Basic {b64encode(f'API:{KEY}'.encode()).decode()}":
            return web.json_response({"message": "Incorrect API key"}, status=401)
        if (
            request.headers.get("api-version") != "4.0"
            or not wanted
            or ("retain" in wanted and "match_lead" not in wanted)
        ):
            return web.json_response({"outcome": "error", "reason": "does not meet the expected schema"}, status=422)
        if token.startswith("sandbox"):
            return web.json_response({"message": "Attempted to claim a 'sandboxed' certificate"}, status=405)
        if token not in self.certificates:
            reason = "TrustedForm certificate has expired or could not be found"
            return web.json_response({"outcome": "error", "reason": reason}, status=404)
        return web.json_response(self._results(token, wanted))

    def _results(self, token: str, wanted: dict[str, Any]) -> dict[str, Any]:
        answer: dict[str, Any] = {"outcome": "success", "reason": None}
        if (person := wanted.get("match_lead")) is not None:
            recorded = self.certificates[token]
            found = {name: _is(person.get(name), recorded, n) for n, name in enumerate(("email", "phone"))}
            success = None if recorded is None else any(found.values())
            answer["match_lead"] = {
                **person,
                "result": {"success": success, "email_match": found["email"], "phone_match": found["phone"]},
            }
            if not success:
                answer |= {"outcome": "failure", "reason": "Lead not matched"}
        if "retain" in wanted:
            results = {
                "expires_at": "2031-11-22T10:00:00.000Z",
                "masked_cert_url": "https://cert.trustedform.com/masked",
                # The documentation shows a text where it promises a boolean.
                "previously_retained": "true" if token in self.retained else "false",
            }
            answer["retain"] = {**wanted["retain"], "results": results}
            self.retained.add(token)
        if "insights" in wanted:
            every = {"age_seconds": self.age_seconds, "domain": self.domain, "is_framed": False}
            answer["insights"] = {"properties": {name: every.get(name) for name in wanted["insights"]["properties"]}}
        return answer


def _is(value: str | None, recorded: tuple[str, str] | None, n: int) -> bool | None:
    if value is None or recorded is None:
        return None
    return value == recorded[n]


@asynccontextmanager
async def certificate_service() -> AsyncIterator[CertificateService]:
    """The server, listening on a free port; the URL is in `url`."""
    service = CertificateService()
    app = web.Application()
    app.router.add_post("/{token}", service.answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        service.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield service
    finally:
        await runner.cleanup()
