"""Many schedules, and of one that goes wrong the fewest steps that are enough."""

from __future__ import annotations

from collections.abc import Iterable

from tests.model.driver import Disagreement, Driver
from tests.model.steps import Step, schedule
from tests.model.world import World


async def run(world: World, seeds: Iterable[str], length: int, *, shrink: bool = True) -> Driver:
    """Play the schedules of these seeds.

    Raises:
        Disagreement: names the seed, and the fewest steps found that still go wrong; all steps unless `shrink`.
    """
    driver = Driver(world)
    for seed in seeds:
        steps = schedule(seed, length)
        try:
            await driver.play(steps)
        except Disagreement as wrong:
            fewest, last = await _shrunk(driver, steps, wrong) if shrink else (steps, wrong)
            listed = "\n".join(f"  {step}" for step in fewest)
            raise Disagreement(f"seed {seed!r}, {length} steps; these are enough:\n{listed}\n{last}") from wrong
    return driver


async def _shrunk(driver: Driver, steps: list[Step], wrong: Disagreement) -> tuple[list[Step], Disagreement]:
    """Leave out whatever the disagreement can do without, the last steps first."""
    for n in reversed(range(len(steps))):
        fewer = steps[:n] + steps[n + 1 :]
        try:
            await driver.play(fewer)
        except Disagreement as still:
            steps, wrong = fewer, still
    return steps, wrong
