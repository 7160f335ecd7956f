"""The same lead, versions and look-ups give the same receipt, byte for byte, in whatever process."""

from __future__ import annotations

import asyncio
import hashlib
import os
import random
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

from leadline.validation.v1.validation_service_pb2 import Observations, ValidateLeadsRequest
from services.validation.lead import Lead
from services.validation.service import ValidationService
from shared.catalog.snapshot import CatalogReader, CatalogView
from tests.unit.validation import people
from tests.unit.validation.messages import request_of
from tests.unit.validation.terms import GOOD, catalog, desks

ROOT = Path(__file__).resolve().parents[3]
COUNT = 300
MESS = (
    "", "N/A", "{{phone}}", "test", "asdf", "123", "(512) 555-0143", "x@mailinator.com", "a@gmial.com", "99999", "TX",
    "Texas", "2/30/1990", "$20k", "yes", "ten", "Maria Lopez", "O", "Ng", "\u00e9\u00e8", "false", "12/11/2025",
)  # fmt: skip


class _Catalog:
    async def get(self, buyer_id: str, revision: int) -> CatalogView:
        """The one snapshot there is."""
        return CatalogView(catalog())


def leads() -> list[Lead]:
    """Leads of all kinds, the same in every process."""
    dice = random.Random(2026)
    names = sorted({*GOOD.fields, "city", "street", "state", "full_name", "date_of_birth", "opt_in", "zebra", "alpha"})
    made = []
    for _ in range(COUNT):
        fields = {**GOOD.fields, **{name: dice.choice(MESS) for name in dice.sample(names, dice.randrange(6))}}
        agent = dice.choice([*people.USER_AGENTS, "curl/8", ""])
        signals = replace(GOOD.signals, user_agent=agent, honeypot=dice.choice([None, "", "x"]))
        text = GOOD.consent.text if dice.random() < 0.7 else GOOD.consent.text[:60]
        made.append(replace(GOOD, fields=fields, signals=signals, consent=replace(GOOD.consent, text=text)))
    return made


def digests(seed: int) -> str:
    """A hash of every receipt; `seed` shuffles whatever sequence a process may choose for itself."""
    dice = random.Random(seed)
    service = ValidationService(cast(CatalogReader, _Catalog()), desks())
    order = list(range(COUNT))
    dice.shuffle(order)
    found: dict[int, str] = {}
    made = leads()
    for n in order:
        fields = list(made[n].fields.items())
        dice.shuffle(fields)
        request = request_of(replace(made[n], fields=dict(fields)))
        request.leads[0].observations.CopyFrom(Observations())
        again = ValidateLeadsRequest.FromString(request.SerializeToString())
        answer = asyncio.run(service.ValidateLeads(again, cast(Any, None)))
        found[n] = hashlib.sha256(answer.results[0].receipt).hexdigest()
    return "\n".join(found[n] for n in range(COUNT))


def test_every_process_writes_the_same_receipts_whatever_its_hash_seed_and_the_order_of_fields() -> None:
    told = []
    for hash_seed in ("0", "1", "4242"):
        environ = {**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": f"{ROOT}:{ROOT / 'protos' / 'gen'}"}
        done = subprocess.run(
            [sys.executable, "-m", "tests.unit.validation.test_reproducible", hash_seed],
            cwd=ROOT, env=environ, capture_output=True, text=True, check=True, timeout=100,
        )  # fmt: skip
        told.append(done.stdout.splitlines())
    assert len(told[0]) == COUNT
    assert len(set(told[0])) > COUNT / 2
    assert told[0] == told[1] == told[2]


if __name__ == "__main__":
    print(digests(int(sys.argv[1])))
