"""Prepared posts of leads that are all different and all good, as Marco would send them."""

from __future__ import annotations

import itertools
import json
import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import phonenumbers

from deploy.demo.bodies import body_of
from deploy.demo.lead import DemoLead
from deploy.demo.stream import Stream

#: Leads of one batch post.
BATCH = 128
_TEMPLATES = 2000


class Posts:
    """Makes requests; no two leads of one instance share a phone, an e-mail address or an id."""

    def __init__(self, wordings: dict[str, str], key: str, seed: int) -> None:
        self._key = key
        good = Stream(seed, wordings).leads()
        self._templates = [lead for lead in good if lead.label == "good_exclusive_long"]
        self._rng = random.Random(seed)
        self._numbers = _numbers(self._rng)
        self._count = itertools.count(1)
        self._seed = seed

    def singles(self, count: int) -> list[bytes]:
        """One lead a request, JSON."""
        return [self._request("/v1/leads", self._body()) for _ in range(count)]

    def batches(self, count: int) -> list[bytes]:
        """`BATCH` leads a request, a JSON array."""
        return [
            self._request("/v1/leads:batch", b"[" + b",".join(self._body() for _ in range(BATCH)) + b"]")
            for _ in range(count)
        ]

    def echoes(self, count: int) -> list[bytes]:
        """The same leads for the echo."""
        return [self._request("/echo", self._body()) for _ in range(count)]

    def _body(self) -> bytes:
        return body_of(self.another(), datetime.now(UTC)).content

    def another(self) -> DemoLead:
        """One more lead."""
        number = next(self._count)
        found = self._rng.choice(self._templates)
        lead = replace(found, format="json", fields=dict(found.fields))
        lead.external_id = f"b{self._seed}-{number}"
        lead.fields["phone"] = next(self._numbers)
        lead.fields["email"] = (
            f"{lead.fields['last_name'].lower().replace(chr(39), '')}.{self._seed}.{number}@gmail.com"
        )
        return lead

    def _request(self, path: str, body: bytes) -> bytes:
        head = (
            f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {self._key}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body


def _numbers(rng: random.Random) -> Iterator[str]:
    """Numbers of many areas, each once, none fictional or patterned."""
    areas = [area for area in range(201, 990) if _is_geographic(area)]
    exchanges = [exchange for exchange in range(220, 990) if exchange % 100 != 11 and exchange != 555]
    while True:
        area, exchange = rng.choice(areas), rng.choice(exchanges)
        for line in range(rng.randint(1000, 1100), 9999, 97):
            number = f"{area}{exchange}{line}"
            if len(set(number)) > 4 and phonenumbers.is_valid_number(phonenumbers.parse(number, "US")):
                yield number


def _is_geographic(area: int) -> bool:
    number = phonenumbers.parse(f"{area}2345678", "US")
    ordinary = phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE
    return phonenumbers.is_valid_number(number) and phonenumbers.number_type(number) == ordinary


def check_bodies(posts: Posts) -> None:
    """Raise where a prepared body is not JSON: a bench of errors would look fast."""
    json.loads(posts.singles(1)[0].partition(b"\r\n\r\n")[2])
