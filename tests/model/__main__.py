"""Plays random schedules to a Postgres of its own until one goes wrong.

    python -m tests.model [--schedules 1000] [--seed 1] [--steps 16]

Schedule n of seed s is the same wherever it runs; `--seed s:n --schedules 1` plays it alone.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from pathlib import Path

from deploy.local.postgres import EmbeddedPostgres
from shared.db.migrate import migrate
from tests.model.driver import Disagreement, Driver
from tests.model.runs import run
from tests.model.world import open_world

STEPS = 20


def main() -> None:
    """Play, and print what was seen."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--schedules", type=int, default=1000)
    parser.add_argument("--seed", default="1")
    parser.add_argument("--steps", type=int, default=STEPS, help="steps of a schedule")
    asked = parser.parse_args()
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="leadline-model-") as folder:
        Path(folder).chmod(0o755)
        with EmbeddedPostgres(Path(folder) / "postgres", durable=False) as server:
            try:
                driver = asyncio.run(_play(server.url, seeds(asked.seed, asked.schedules), asked.steps))
            except Disagreement as wrong:
                sys.exit(str(wrong))
    for what, count in sorted(driver.seen.items()):
        print(f"{count:>8}  {what}")
    print(f"never disagreed, in {time.monotonic() - began:.0f} s")


def seeds(seed: str, count: int) -> list[str]:
    """The seeds of so many schedules; one that names its schedule stands for itself."""
    return [seed] if ":" in seed else [f"{seed}:{n}" for n in range(count)]


async def _play(url: str, chosen: list[str], steps: int) -> Driver:
    await migrate(url)
    async with open_world(url) as world:
        return await run(world, chosen, steps)


if __name__ == "__main__":
    main()
