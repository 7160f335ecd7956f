"""The issuer of TrustedForm certificates, asked over its Certificate API 4.0.

A POST to the certificate's URL with Basic authentication, whose body names what is wanted: `match_lead` says whether
the certificate is of a person, `retain` has it kept, `insights` tells what was recorded. Answers: 200 with the results;
404, expired or never issued; 405, a certificate made for tests; 401, 402 and 403, the account; 400 and 422, the
request.
Source: developers.activeprospect.com, TrustedForm API v4.0, Run Certificate Operations. The texts that come with them
are not to be decided by, says the issuer, and are not looked at.

The key goes to one host only: the URL is made of the certificate's id and never taken from a lead, and no redirect
is followed.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import aiohttp
import structlog

from services.validation.consent.certificate import UNKNOWN, CertificateFacts, Outcome
from shared.runtime.clock import Clock
from shared.telemetry.logging import failure

_log = structlog.get_logger(__name__)

_MOST_BYTES = 64 * 1024
_JSON = "application/json"
#: Failures in a row after which the issuer is left alone, and for how many seconds.
BREAK_AFTER, BREAK_SECONDS = 5, 10.0

_BY_STATUS: Mapping[int, Outcome] = {404: "not_found", 410: "expired", 405: "sandbox"}
#: Retained, or why not: `gone` for ever; `later`: it may be tried again.
Kept = Literal["retained", "not_matched", "gone", "later"]


class Retained(NamedTuple):
    """What became of keeping a certificate."""

    outcome: Kept
    #: It had been kept before: a repeated call, which costs nothing.
    previously: bool = False
    #: Until when the issuer keeps it, RFC 3339; empty: not told.
    expires_at: str = ""


class _UnavailableError(Exception):
    """The issuer did not answer, or not as documented."""


@dataclass(slots=True)
class Breaker:
    """Leaves a service alone for a while after several failures in a row; then lets one call try."""

    clock: Clock
    _failures: int = 0
    _until: float = 0.0

    def allows(self) -> bool:
        """Whether to call. Where this is the one try after a pause, others wait another pause for its outcome."""
        if self._failures < BREAK_AFTER:
            return True
        if self.clock.monotonic() < self._until:
            return False
        self._until = self.clock.monotonic() + BREAK_SECONDS
        return True

    def succeeded(self) -> None:
        """The service answered."""
        self._failures = 0

    def failed(self) -> None:
        """It did not."""
        self._failures += 1
        if self._failures == BREAK_AFTER:
            self._until = self.clock.monotonic() + BREAK_SECONDS
            _log.warning("the certificate service is left alone", seconds=BREAK_SECONDS)


class CertificateClient:
    """Asks the issuer; every failure is an outcome. At most `concurrency` calls at once."""

    def __init__(
        self, session: aiohttp.ClientSession, *, base: str, api_key: str, seconds: float, concurrency: int, clock: Clock
    ) -> None:
        """`base`: see `certificate.issuer_url`; `seconds`: how long one call may take."""
        self._session = session
        self._base = base
        self._headers = {
            "Authorization": aiohttp.encode_basic_auth("API", api_key),
            "Content-Type": _JSON,
            "Accept": _JSON,
            "api-version": "4.0",
        }
        self._timeout = aiohttp.ClientTimeout(total=seconds)
        self._slots = asyncio.Semaphore(concurrency)
        self._breaker = Breaker(clock)

    async def match(self, token: str, *, phone: str, email: str, insights: bool) -> CertificateFacts:
        """Whether a certificate is of this person. `phone`: ten digits, `email`; one of them may be empty.

        `insights`: also ask how old it is and of which site. The issuer charges for each.
        """
        wanted: dict[str, object] = {"match_lead": _person(phone, email)}
        if insights:
            wanted["insights"] = {"properties": ["age_seconds", "domain"]}
        try:
            status, answer = await self._call(token, wanted)
        except _UnavailableError:
            return UNKNOWN
        if status != 200:
            return CertificateFacts(_BY_STATUS[status])
        recorded = _object(_object(answer, "insights"), "properties")
        age, domain = recorded.get("age_seconds"), recorded.get("domain")
        return CertificateFacts(
            _matched(answer, phone_asked=bool(phone)),
            float(age) if isinstance(age, int | float) else None,
            domain if isinstance(domain, str) else "",
        )

    async def retain(self, token: str, *, phone: str, email: str, reference: str, vendor: str) -> Retained:
        """Have the issuer keep a certificate. Safe to repeat: the issuer says that it has it already."""
        wanted = {"match_lead": _person(phone, email), "retain": {"reference": reference, "vendor": vendor}}
        try:
            status, answer = await self._call(token, wanted)
        except _UnavailableError:
            return Retained("later")
        if status != 200:
            return Retained("gone")
        results = _object(_object(answer, "retain"), "results")
        if not results:
            return Retained("later")
        matched = _matched(answer, phone_asked=bool(phone))
        return Retained(
            "not_matched" if matched == "not_matched" else "retained",
            # Documented as a boolean and shown as a text.
            previously=str(results.get("previously_retained")).lower() == "true",
            expires_at=str(results.get("expires_at") or "")[:40],
        )

    async def _call(self, token: str, wanted: Mapping[str, object]) -> tuple[int, dict[str, Any]]:
        """Status and answer: 200, or one that is about the certificate. Raises _UnavailableError for all else."""
        if not self._breaker.allows():
            raise _UnavailableError
        try:
            async with self._slots:
                status, answer = await self._post(token, wanted)
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
            self._breaker.failed()
            _log.warning("the certificate service did not answer", **failure(error))
            raise _UnavailableError from None
        if status == 200 or status in _BY_STATUS:
            self._breaker.succeeded()
            return status, answer
        self._breaker.failed()
        # 401, 402 and 403 are ours to put right: a wrong key, an account without funds, a product not contracted.
        _log.warning("the certificate service refused", http_status=status)
        raise _UnavailableError

    async def _post(self, token: str, wanted: Mapping[str, object]) -> tuple[int, dict[str, Any]]:
        async with self._session.post(
            f"{self._base}/{token}",
            data=json.dumps(wanted),
            headers=self._headers,
            allow_redirects=False,
            timeout=self._timeout,
        ) as response:
            if response.status != 200:
                return response.status, {}
            if response.content_type != _JSON:
                raise ValueError("expected JSON")
            body = await response.content.read(_MOST_BYTES + 1)
            while len(body) <= _MOST_BYTES and (more := await response.content.read(_MOST_BYTES)):
                body += more
            if len(body) > _MOST_BYTES:
                raise ValueError("expected a short answer")
        answer = json.loads(body)
        # An operation that broke off: nothing in the answer can be relied on.
        if not isinstance(answer, dict) or answer.get("outcome") not in ("success", "failure"):
            raise ValueError("expected an outcome")
        return 200, answer


@asynccontextmanager
async def open_client(
    *, base: str, api_key: str, seconds: float, concurrency: int, clock: Clock
) -> AsyncIterator[CertificateClient]:
    """A client with connections of its own; see `CertificateClient`."""
    connector = aiohttp.TCPConnector(limit=concurrency)
    # `trust_env` off: neither a proxy nor a netrc of the environment is to see the key.
    async with aiohttp.ClientSession(
        connector=connector, cookie_jar=aiohttp.DummyCookieJar(), trust_env=False
    ) as session:
        yield CertificateClient(
            session, base=base, api_key=api_key, seconds=seconds, concurrency=concurrency, clock=clock
        )


def _person(phone: str, email: str) -> dict[str, str]:
    return {name: value for name, value in (("email", email), ("phone", phone)) if value}


def _matched(answer: Mapping[str, Any], *, phone_asked: bool) -> Outcome:
    """Consent is for a number: where one was asked for, it alone decides. Null: the certificate recorded none."""
    result = _object(_object(answer, "match_lead"), "result")
    found = result.get("phone_match" if phone_asked else "email_match")
    if found is True:
        return "matched"
    return "not_matched" if found is False else "incomparable"


def _object(value: Mapping[str, Any], name: str) -> dict[str, Any]:
    found = value.get(name)
    return found if isinstance(found, dict) else {}
