"""What leads are judged with: one edition of every list, and the catalogs made ready with it.

A desk never changes. Newer lists are a new desk, put in place of the old one between two batches.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import structlog

from services.validation.lists.consulted import CONSULTED
from services.validation.lists.listfile import ListError
from services.validation.lists.reference import Reference
from services.validation.lists.shelf import Shelf
from services.validation.plan import Plans
from shared.rpc.errors import NotFound
from shared.rpc.verdict import ReceiptWriter

#: Between two looks whether other lists were put in use, in seconds.
LOOK_SECONDS = 2.0

log = structlog.get_logger()


class Desk:
    """One edition of every list."""

    def __init__(self, reference: Reference) -> None:
        self.reference = reference
        self.plans = Plans(reference)
        self.receipts = ReceiptWriter("validation", reference.versions, CONSULTED)


class Desks:
    """The desk in use, and the one of an old receipt that was asked for last."""

    def __init__(self, shelf: Shelf, reference: Reference | None = None) -> None:
        """`reference`: loaded already; else the shelf's newest lists, or those packaged where these are damaged."""
        self._shelf = shelf
        self._mark = shelf.mark()
        self.current = Desk(reference if reference is not None else _newest(shelf))
        self._old: Desk | None = None
        self._one_at_a_time = asyncio.Lock()

    async def of(self, versions: Mapping[str, str]) -> Desk:
        """The desk that a receipt names by the versions of its lists.

        Raises:
            NotFound: an edition is not kept here.
        """
        wanted = {name: stamp for name, stamp in versions.items() if name in self.current.reference.editions}
        async with self._one_at_a_time:
            for desk in (self.current, self._old):
                if desk is not None and desk.reference.editions == wanted:
                    return desk
            try:
                files = self._shelf.find(wanted)
                # In a thread: it takes half a second, in which others want to be answered.
                reference = await asyncio.to_thread(Reference.load, files, before=self.current.reference)
            except ListError as error:
                raise NotFound(f"the lists of that receipt are {error}") from None
            self._old = Desk(reference)
            return self._old

    async def renew(self) -> None:
        """Puts the shelf's newest lists in use. Where one cannot be read, the desk stays as it is."""
        async with self._one_at_a_time:
            mark = self._shelf.mark()
            try:
                files = self._shelf.files()
                reference = await asyncio.to_thread(Reference.load, files, before=self.current.reference)
            except ListError as error:
                log.error("newer lists cannot be used", reason=str(error))
            else:
                if reference.versions != self.current.reference.versions:
                    self.current = Desk(reference)
                    log.info("newer lists are in use")
            self._mark = mark

    async def watch(self, stop: asyncio.Event) -> None:
        """Renews as soon as this or another process has put other lists in use.

        Before that it keeps the packaged ones, so that their receipts outlive the next release.
        """
        try:
            await asyncio.to_thread(self._shelf.keep_packaged)
        except (OSError, ListError) as error:
            log.warning("the packaged lists are not kept", kind=type(error).__name__)
        while not stop.is_set():
            if self._shelf.mark() != self._mark:
                await self.renew()
            try:
                async with asyncio.timeout(LOOK_SECONDS):
                    await stop.wait()
            except TimeoutError:
                continue


def _newest(shelf: Shelf) -> Reference:
    try:
        return Reference.load(shelf.files())
    except ListError as error:
        log.error("newer lists cannot be used", reason=str(error))
        return Reference.load()
