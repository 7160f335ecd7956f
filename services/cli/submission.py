"""Sends a file of leads in batches and adds up the answers."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from leadline.common.v1 import reason_pb2
from leadline.intake.v1 import intake_service_pb2 as pb
from services.cli.client import Services
from services.cli.failure import CommandError
from services.cli.leads_file import Row
from services.cli.output import money, word
from shared.rpc.errors import AppError, from_refusal

BATCH: Final = 128
_BATCH_BYTES: Final = 4 << 20
_IN_FLIGHT: Final = 3
_TRIES: Final = 5


def codes(answer: pb.LeadAnswer) -> list[str]:
    """The public reason codes of an answer, each once."""
    return list(dict.fromkeys(word(reason_pb2.Reason.DESCRIPTOR, finding.reason) for finding in answer.reasons))


@dataclass(slots=True)
class Tally:
    """What became of the rows so far."""

    rows: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    replayed: int = 0
    #: Minor units by currency; a replayed answer is not counted again.
    spend: Counter[str] = field(default_factory=Counter)
    #: Rows that were not taken, with why.
    refused: list[tuple[int, str]] = field(default_factory=list)
    #: Per taken row: its number, the lead's id, the outcome, the reasons.
    results: list[dict[str, Any]] = field(default_factory=list)

    def refuse(self, number: int, why: str) -> None:
        """Count a row that was not taken."""
        self.rows += 1
        self.refused.append((number, why))

    def add(self, number: int, answer: pb.LeadAnswer) -> None:
        """Count an answer."""
        outcome = word(pb.Outcome.DESCRIPTOR, answer.outcome)
        reasons = codes(answer)
        self.rows += 1
        self.outcomes[outcome] += 1
        self.reasons.update(reasons)
        self.replayed += answer.replayed
        if answer.outcome == pb.OUTCOME_ACCEPTED and not answer.replayed and not answer.test:
            self.spend[answer.price.currency] += answer.price.amount_minor
        self.results.append(
            {
                "row": number,
                "lead_id": answer.lead_id,
                "outcome": outcome,
                "price": money(answer.price),
                "order": answer.order.order,
                "reasons": reasons,
                "replayed": answer.replayed,
            }
        )


async def submit(
    services: Services, rows: Iterator[Row], prepare: Callable[[Row], pb.SubmitLeadItem], progress: Callable[[], None]
) -> Tally:
    """Send every row, a few batches at a time.

    `prepare`: puts key and defaults to a row. `progress`: called after every batch.

    Raises:
        AppError: a batch was not taken as a whole, after several tries. What was sent before stays; the run can
            be repeated, since each row carries a key.
    """
    tally = Tally()
    running: set[asyncio.Task[None]] = set()
    try:
        for batch in _batches(rows):
            running.add(asyncio.create_task(_send(services, batch, prepare, tally)))
            if len(running) >= _IN_FLIGHT:
                running -= await _finished(running, asyncio.FIRST_COMPLETED)
            progress()
        await _finished(running, asyncio.ALL_COMPLETED)
    finally:
        for task in running:
            task.cancel()
    progress()
    return tally


def _batches(rows: Iterator[Row]) -> Iterator[list[Row]]:
    """Rows in groups that one call can take."""
    batch: list[Row] = []
    size = 0
    for row in rows:
        batch.append(row)
        size += row.submission.ByteSize() if row.submission is not None else 0
        if len(batch) == BATCH or size >= _BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


async def _finished(tasks: set[asyncio.Task[None]], when: str) -> set[asyncio.Task[None]]:
    if not tasks:
        return set()
    done, _ = await asyncio.wait(tasks, return_when=when)
    for task in done:
        await task
    return done


async def _send(
    services: Services, batch: list[Row], prepare: Callable[[Row], pb.SubmitLeadItem], tally: Tally
) -> None:
    sent = [row for row in batch if row.submission is not None]
    for row in batch:
        if row.submission is None:
            tally.refuse(row.number, row.fault)
    if not sent:
        return
    answer = await _with_patience(services, pb.SubmitLeadsRequest(items=map(prepare, sent)))
    if len(answer.results) != len(sent):
        raise CommandError("intake answered for another number of leads than it was sent")
    for row, result in zip(sent, answer.results, strict=True):
        if result.HasField("answer"):
            tally.add(row.number, result.answer)
        else:
            tally.refuse(row.number, str(from_refusal(result.refusal)))


async def _with_patience(services: Services, request: pb.SubmitLeadsRequest) -> pb.SubmitLeadsResponse:
    for attempt in range(1, _TRIES + 1):
        try:
            return await services.ask(services.intake.SubmitLeads, request)
        except AppError as error:
            if not error.retryable or attempt == _TRIES:
                raise
            await asyncio.sleep(error.retry_after_seconds or 0.2 * 2**attempt)
    raise AssertionError("the loop returns or raises")
