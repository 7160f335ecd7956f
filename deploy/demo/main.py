"""`leadline demo`: start everything on a fresh store, play the labelled stream, say what came of it.

python -m deploy.demo.main [--keep] [--seed N]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import shutil
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import grpc
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from deploy.demo.judgement import Judgement, judge, report
from deploy.demo.lead import DemoLead
from deploy.demo.play import Played, play
from deploy.demo.screen import show
from deploy.demo.stream import Stream
from deploy.local.launch import Suite
from deploy.local.settings import LocalSettings, inherited
from deploy.local.up import CATALOG, FAULTS, Interruption, screen
from deploy.local.welcome import prepare
from leadline.intake.v1 import catalog_service_pb2, ledger_service_pb2
from leadline.intake.v1.catalog_service_pb2_grpc import CatalogServiceStub
from leadline.intake.v1.ledger_service_pb2_grpc import LedgerServiceStub
from leadline.reporting.v1 import reporting_service_pb2
from leadline.reporting.v1.reporting_service_pb2_grpc import ReportingServiceStub
from shared.catalog.terms import Catalog
from shared.runtime.settings import load

_CALL_SECONDS = 20.0
#: How long the last events may take to reach the read model.
_CAUGHT_UP_SECONDS = 60.0
_CONNECTIONS = 16


def main(argv: Sequence[str]) -> int:
    """Run the demo.

    Returns:
        0 where every lead's outcome is what its label asks for and the ledger agrees with what the
        sellers were told; 1 otherwise, or where something could not start.
    """
    options = _parser().parse_args(argv)
    console = Console()
    interruption = Interruption()
    suite: Suite | None = None
    try:
        environ = inherited()
        data_dir = load(LocalSettings, environ).data_dir
        store = data_dir / "demo"
        # A fresh store each time: yesterday's people would be today's duplicates.
        shutil.rmtree(store, ignore_errors=True)
        suite = Suite(store, free=not options.keep, environ=environ, report=console.print)
        suite.start()
        ready = prepare(suite.target("intake"), CATALOG, store / "demo.key")
        right = _run(console, suite, ready.catalog, options.seed, data_dir / "demo-report.json")
        if options.keep:
            console.print(screen(suite, ready), soft_wrap=True, markup=False, highlight=False)
            while not interruption.wait(0.5):
                if suite.fallen():
                    return 1
        return 0 if right else 1
    except KeyboardInterrupt:
        return 130
    except FAULTS as fault:
        print(f"leadline demo: {fault}", file=sys.stderr, flush=True)
        return 1
    finally:
        if suite is not None:
            suite.stop()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="leadline demo", description="Play a labelled stream of leads.")
    parser.add_argument("--keep", action="store_true", help="leave everything running afterwards, until Ctrl-C")
    parser.add_argument("--seed", type=int, default=2026, help="another seed makes another stream")
    return parser


def _run(console: Console, suite: Suite, catalog: Catalog, seed: int, report_file: Path) -> bool:
    wordings = {seller: item.text for item in catalog.disclosures for seller in item.sellers}
    wordings["lead-form"] = next(item.text for item in catalog.disclosures if item.slug == "big-bank-lead-form-2026")
    wordings["big-bank-web"] = next(item.text for item in catalog.disclosures if item.slug == "big-bank-tcpa-2026")
    leads = Stream(seed, wordings).leads()
    keys = _keys(suite.target("intake"), catalog)
    played = asyncio.run(_play(console, suite, leads, keys))
    judgement = judge(played.told)
    document = report(
        judgement,
        seconds=played.seconds,
        ledger_charged_minor=_ledger_charged(suite.target("intake")),
        speed=_speed(suite.target("reporting"), catalog.buyer.slug, judgement),
    )
    report_file.write_text(json.dumps(document, indent=2) + "\n")
    show(console, judgement, document)
    console.print(f"The whole report: {report_file}")
    return not judgement.wrong and document["charged_minor"] == document["ledger_charged_minor"]


async def _play(console: Console, suite: Suite, leads: Sequence[DemoLead], keys: dict[str, str]) -> Played:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("bought {task.fields[bought]}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console) as progress:
        task = progress.add_task("posting leads", total=len(leads), bought=0)
        bought = 0

        def on_answer(told: Any) -> None:
            nonlocal bought
            bought += told.outcome == "accepted"
            progress.update(task, advance=1, bought=bought)

        return await play(
            leads, gateway_url=suite.gateway_url, keys=keys, connections=_CONNECTIONS, on_answer=on_answer
        )


def _keys(target: str, catalog: Catalog) -> dict[str, str]:
    """A key for every seller, for this run."""
    with grpc.insecure_channel(target) as channel:
        service = CatalogServiceStub(channel)
        return {
            seller.slug: service.CreateAccessKey(
                catalog_service_pb2.CreateAccessKeyRequest(seller=seller.slug, label="demo stream"),
                timeout=_CALL_SECONDS,
            ).access_key
            for seller in catalog.sellers
        }


def _ledger_charged(target: str) -> int:
    with grpc.insecure_channel(target) as channel:
        books = LedgerServiceStub(channel).CheckBooks(ledger_service_pb2.CheckBooksRequest(), timeout=_CALL_SECONDS)
    return books.charged.amount_minor if books.balanced else -1


def _speed(target: str, buyer_id: str, judgement: Judgement) -> dict[str, dict[str, float]]:
    """Percentiles by stage, once the read model has counted every decision and every hand-over."""
    scope = reporting_service_pb2.ReportScope(buyer_id=buyer_id)
    expected = judgement.outcomes["accepted"]
    until = time.monotonic() + _CAUGHT_UP_SECONDS
    with grpc.insecure_channel(target) as channel:
        service = ReportingServiceStub(channel)
        while True:
            stages = service.GetSpeedToLead(
                reporting_service_pb2.GetSpeedToLeadRequest(scope=scope), timeout=_CALL_SECONDS
            ).stages
            counted = {stage.stage: stage.leads for stage in stages}
            if counted.get("email", 0) >= expected or time.monotonic() > until:
                return {
                    stage.stage: {"p50": stage.p50_ms, "p95": stage.p95_ms, "p99": stage.p99_ms} for stage in stages
                }
            time.sleep(0.2)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
