"""ListService: protobuf in, protobuf out."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import grpc

from leadline.validation.v1 import list_service_pb2 as pb
from leadline.validation.v1.list_service_pb2_grpc import ListServiceServicer
from services.validation.desk import Desks
from services.validation.lists.kinds import KINDS, Kind
from services.validation.lists.listfile import Heading, ListError
from services.validation.lists.reference import LIBRARIES
from services.validation.lists.refresh import Offer, Outcome, built, refresh
from services.validation.lists.shelf import Shelf
from shared.rpc.errors import Malformed, Unavailable
from shared.runtime.clock import Clock

#: The most files in one call.
MOST_FILES = 16


class ListService(ListServiceServicer):
    """Shows the lists and puts newer ones in their place."""

    def __init__(self, shelf: Shelf, desks: Desks, clock: Clock) -> None:
        self._shelf = shelf
        self._desks = desks
        self._clock = clock

    async def GetLists(
        self, request: pb.GetListsRequest, context: grpc.aio.ServicerContext[Any, Any]
    ) -> pb.GetListsResponse:
        """Every list as it is in use now."""
        versions, kept = self._desks.current.reference.versions, self._shelf.kept()
        by_stamp = {heading.stamp: (path, heading) for path, heading in kept.items()}
        lists = [
            self._info(kind, *by_stamp[versions[kind.name]], sum(one.name == kind.name for one in kept.values()))
            for kind in KINDS
            if versions[kind.name] in by_stamp
        ]
        lists += [
            pb.ListInfo(
                name=name,
                holds="which telephone numbers exist, and of what kind",
                edition=pb.ListEdition(version=versions[name], stamp=versions[name]),
                origin="library",
                kept=1,
            )
            for name in LIBRARIES
        ]
        return pb.GetListsResponse(lists=sorted(lists, key=lambda one: one.name))

    async def RefreshLists(
        self, request: pb.RefreshListsRequest, context: grpc.aio.ServicerContext[Any, Any]
    ) -> pb.RefreshListsResponse:
        """Raises Malformed for what is no list of files, Unavailable where nothing can be built or written."""
        if len(request.files) > MOST_FILES:
            raise Malformed.field("files", f"expected at most {MOST_FILES}")
        offers = [Offer(file.file_name, file.content, self._day(file.date, n)) for n, file in enumerate(request.files)]
        outcomes: list[Outcome] = []
        try:
            if not offers:
                offers, outcomes = await built(self._today())
            outcomes += refresh(self._shelf, offers, dry_run=request.dry_run, accept_change=request.accept_change)
        except ListError as error:
            raise Unavailable(str(error)) from None
        except OSError as error:
            raise Unavailable(f"the lists' folder cannot be written ({type(error).__name__})") from None
        if not request.dry_run:
            await self._desks.renew()
        return pb.RefreshListsResponse(outcomes=[_outcome(one) for one in sorted(outcomes, key=lambda one: one.name)])

    def _info(self, kind: Kind, path: Path, heading: Heading, kept: int) -> pb.ListInfo:
        today = self._today()
        return pb.ListInfo(
            name=kind.name,
            holds=kind.holds,
            edition=_edition(heading),
            age_days=(today - heading.date).days,
            good_for_days=kind.good_for_days,
            stale=kind.is_stale(heading.date, today),
            origin="refreshed" if self._shelf.is_own(path) else "packaged",
            kept=kept,
        )

    def _day(self, text: str, number: int) -> date:
        try:
            return date.fromisoformat(text) if text else self._today()
        except ValueError:
            raise Malformed.field(f"files[{number}].date", "expected YYYY-MM-DD") from None

    def _today(self) -> date:
        return self._clock.now().date()


def _outcome(one: Outcome) -> pb.ListOutcome:
    return pb.ListOutcome(
        name=one.name,
        outcome=one.what,
        before=_edition(one.before) if one.before is not None else None,
        after=_edition(one.after) if one.after is not None else None,
        faults=one.faults,
    )


def _edition(heading: Heading) -> pb.ListEdition:
    return pb.ListEdition(version=heading.version, date=str(heading.date), entries=heading.entries, stamp=heading.stamp)
