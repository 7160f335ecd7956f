"""`leadline match` and `exclusivity`: who is whom, and who was sold twice."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TextIO

import typer

from services.cli.failure import CommandError
from services.cli.output import Buyer, Json, moment, money, plain, say, show_json, table

if TYPE_CHECKING:
    from leadline.dedup.v1 import person_service_pb2 as pb
    from leadline.intake.v1 import exclusivity_service_pb2 as exclusivity_pb
    from services.cli.client import Services

_BATCH = 1000
_EXPECTED_LINE = 'expected an object such as {"a": {"last_name": "Lee"}, "b": {"last_name": "Leigh"}}'


def match(
    file: Annotated[Path, typer.Argument(help='A file of lines {"a": {fields}, "b": {fields}}; `-`: standard input.')],
    flag: Annotated[int, typer.Option("--flag", min=1, max=100, help="From which score a pair is `flag`.")] = 60,
    reject: Annotated[int, typer.Option("--reject", min=1, max=100, help="From which score it is `reject`.")] = 85,
) -> None:
    """Compare pairs of people: a line {"score", "verdict", "why"} for each, with whatever else its line says.

    Fields go by any usual name: first_name, surname, dob, zip, phone, ssn. One that is not told says nothing. `reject`:
    one person; `flag`: perhaps; `different`: two.
    """
    from services.cli.client import run

    if flag > reject:
        raise typer.BadParameter("expected no more than --reject", param_hint="--flag")
    try:
        with ExitStack() as stack:
            lines = sys.stdin if str(file) == "-" else stack.enter_context(file.open(encoding="utf-8"))
            run(lambda services: _match(services, lines, str(file), flag, reject))
    except OSError as error:
        raise CommandError(f"{file}: {error.strerror or 'cannot be read'}") from None
    except UnicodeDecodeError:
        raise CommandError(f"{file}: expected UTF-8 text") from None


def exclusivity(
    seller: Annotated[str, typer.Option("--seller", help="Only where this seller sold the exclusive lead.")] = "",
    limit: Annotated[int, typer.Option("--limit", min=1, max=100_000, help="At most so many.")] = 50,
    buyer: Buyer = "",
    as_json: Json = False,
) -> None:
    """List leads that were bought as exclusive and came from another seller all the same, newest first."""
    from services.cli.client import run

    found = run(lambda services: _breaches(services, buyer, seller, limit))
    if as_json:
        show_json([plain(one) for one in found])
        return
    rows = (
        (
            *(one.lead_id, one.seller, one.source, money(one.price), moment(one, "bought_at")[:16]),
            *(moment(one, "exclusive_until")[:10], moment(one, "turned_up_at")[:16], one.other_seller),
            f"{one.other_lead_id} ({one.other_outcome})",
            ", ".join(shared.kind for shared in one.shared) or f"{one.score} of 100 alike",
            one.proposal or "none",
        )
        for one in found
    )
    columns = ("Lead", "Seller", "Source", "Price", "Bought", "Exclusive until", "Turned up", "From", "As", "Same",
               "Credit")  # fmt: skip
    table(columns, rows, right=["Price"])


async def _breaches(services: Services, buyer: str, seller: str, limit: int) -> list[exclusivity_pb.Breach]:
    from leadline.intake.v1 import exclusivity_service_pb2 as exclusivity_pb

    request = exclusivity_pb.ListBreachesRequest(buyer_id=await services.buyer(buyer), seller=seller)
    found: list[exclusivity_pb.Breach] = []
    while len(found) < limit:
        request.page_size = min(500, limit - len(found))
        page = await services.ask(services.exclusivity.ListBreaches, request)
        found += page.breaches
        request.page_token = page.next_page_token
        if not page.next_page_token:
            break
    return found


async def _match(services: Services, lines: TextIO, name: str, flag: int, reject: int) -> None:
    from leadline.dedup.v1 import person_service_pb2 as pb

    for batch in _batches(lines, name):
        request = pb.MatchPersonsRequest(pairs=[pair for pair, _ in batch], flag_score=flag, reject_score=reject)
        answer = await services.ask(services.persons.MatchPersons, request)
        for (_, also), found in zip(batch, answer.results, strict=True):
            told = {**also, "score": found.score, "verdict": found.verdict, "why": list(found.why)}
            say(json.dumps(told, ensure_ascii=False))


def _batches(lines: TextIO, name: str) -> Iterator[list[tuple[pb.PersonPair, dict[str, Any]]]]:
    batch = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        batch.append(_pair(line, f"{name}:{number}"))
        if len(batch) == _BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _pair(line: str, place: str) -> tuple[pb.PersonPair, dict[str, Any]]:
    from leadline.dedup.v1 import person_service_pb2 as pb

    try:
        told = json.loads(line)
        a, b = told.pop("a"), told.pop("b")
        return pb.PersonPair(a=_texts(a), b=_texts(b)), told
    except (json.JSONDecodeError, RecursionError, AttributeError, KeyError, TypeError):
        raise CommandError(f"{place}: {_EXPECTED_LINE}") from None


def _texts(details: dict[str, Any]) -> dict[str, str]:
    """Numbers as they are written; null is as good as left out."""
    return {name: str(value) for name, value in details.items() if value is not None}
