"""The life of a process: event loop, signals, orderly start and end, and background work that must not die unseen.

The whole of a `__main__.py`:

    async def main(process: Process) -> None:
        settings = load(Settings)
        clock = SystemClock()
        metrics = await start(process, settings.telemetry, settings.rpc)
        pool = await process.enter(open_pool(settings.database, role="leadline_dedup", name="dedup"))
        store = Store(pool)
        process.work("forget", Forgetter(store, clock).run)          # runs until the process ends
        server = RpcServer(settings.rpc, checks={"postgres": store.ping}, metrics=metrics)
        server.add(add_DedupServiceServicer_to_server, DedupService(store, clock), "leadline.dedup.v1.DedupService")
        await process.serve(server)

    if __name__ == "__main__":
        run("dedup", main)

What is entered first is closed last, so the order above gives the order of the end: health says NOT_SERVING, calls
drain, workers stop, pools close, telemetry reports the rest.
"""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import sys
import threading
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from typing import Any, TypeVar

import structlog
import uvloop

from shared.runtime.settings import SettingsError
from shared.telemetry.logging import failure

#: New container objects between two looks for garbage; a batch of 64 leads makes some ten thousand.
GC_ALLOCATIONS = 50_000
EXIT_FAILED = 1
EXIT_SETTINGS = 2
EXIT_STUCK = 70
SHUTDOWN_SECONDS = 60.0
WORKER_GRACE_SECONDS = 10.0
BUILD_GRACE_SECONDS = 5.0

T = TypeVar("T")
Worker = Callable[[asyncio.Event], Coroutine[Any, Any, None]]

log = structlog.get_logger()


class Process:
    """What a composition root builds on: a stack to enter things into, and the event that ends the process."""

    def __init__(self, service: str) -> None:
        self.service = service
        #: Closed when the process ends, last entered first.
        self.stack = AsyncExitStack()
        #: Set when the process is to end: by a signal, by a worker that died, or by anybody.
        self.stop = asyncio.Event()
        #: Why the process ends, as its exit status.
        self.exit_status = 0

    async def enter(self, resource: AbstractAsyncContextManager[T]) -> T:
        """Opens a resource now and closes it at the process's end."""
        return await self.stack.enter_async_context(resource)

    def work(self, name: str, worker: Worker, *, grace_seconds: float = WORKER_GRACE_SECONDS) -> None:
        """Runs `worker(stop)` in the background until the process ends.

        Its own `stop` is set in its turn of the shutdown; it then has `grace_seconds` before it is cancelled.
        A worker that raises, or returns before it was told to stop, ends the process with a non-zero status: a
        process that goes on without its worker looks healthy and does half its work.
        """
        stop = asyncio.Event()
        task = asyncio.create_task(worker(stop), name=name)

        def ended(done: asyncio.Task[None]) -> None:
            if done.cancelled() and stop.is_set():
                return
            error = None if done.cancelled() else done.exception()
            if error is not None:
                log.error("a worker died", worker=name, **failure(error))
            elif not stop.is_set():
                log.error("a worker ended by itself", worker=name)
            else:
                return
            self.exit_status = EXIT_FAILED
            self.stop.set()

        async def finish() -> None:
            stop.set()
            await asyncio.wait([task], timeout=grace_seconds)
            if not task.done():
                log.warning("a worker is cut off", worker=name)
                task.cancel()
                await asyncio.wait([task], timeout=grace_seconds)

        task.add_done_callback(ended)
        self.stack.push_async_callback(finish)

    async def serve(self, server: AbstractAsyncContextManager[Any]) -> None:
        """Enters `server`, which has to come last, and returns when the process is to end."""
        settle_memory()
        await self.enter(server)
        await self.stop.wait()


def run(service: str, main: Callable[[Process], Awaitable[None]]) -> None:
    """Runs a process to its end and exits: 0 stopped, 1 failed, 2 unusable settings, 70 did not end in time.

    SIGTERM and SIGINT begin an orderly end; a second one ends at once. `main` builds and then waits (see `serve`);
    when it returns, everything it entered is closed in reverse. An orderly end takes at most SHUTDOWN_SECONDS.
    """
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            status = runner.run(live(Process(service), main))
    except SettingsError as error:
        sys.stderr.write("".join(f"{service}: {fault}\n" for fault in error.faults))
        status = EXIT_SETTINGS
    sys.exit(status)


async def live(process: Process, main: Callable[[Process], Awaitable[None]]) -> int:
    """One process life inside a running loop; returns the exit status. SettingsError passes through."""
    watchdog = _Watchdog(SHUTDOWN_SECONDS)
    _on_signals(process)
    try:
        async with process.stack:
            await _until_stopped(process, main)
            watchdog.start()
            log.info("stopping", exit_status=process.exit_status)
    except SettingsError:
        raise
    except OSError as error:
        # Such as a port that is taken. The number says which; the text could hold a path or an address.
        log.error("the process failed", code=error.errno, **failure(error))
        return EXIT_FAILED
    except Exception as error:
        log.error("the process failed", **failure(error))
        return EXIT_FAILED
    finally:
        watchdog.cancel()
    return process.exit_status


async def _until_stopped(process: Process, main: Callable[[Process], Awaitable[None]]) -> None:
    """Runs `main`; a stop that comes while it still builds (a database that does not answer) cancels it."""
    building = asyncio.ensure_future(main(process))
    stopping = asyncio.create_task(process.stop.wait())
    await asyncio.wait([building, stopping], return_when=asyncio.FIRST_COMPLETED)
    if not building.done():
        # serve() waits for the same event and returns at once; what still builds gets this long.
        await asyncio.wait([building], timeout=BUILD_GRACE_SECONDS)
    if not building.done():
        building.cancel()
        await asyncio.wait([building])
    stopping.cancel()
    if not building.cancelled():
        building.result()


def settle_memory() -> None:
    """Takes what was built at the start out of the garbage collector's sight, and lets it run less often.

    Tables, schemas and modules live as long as the process; looking through them again and again for garbage cost
    validation and intake a good part of their time. A batch's objects die with its references, not by collection.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(GC_ALLOCATIONS, 20, 50)


def _on_signals(process: Process) -> None:
    loop = asyncio.get_running_loop()

    def received(number: signal.Signals) -> None:
        if process.stop.is_set():
            log.warning("ending at once", signal=number.name)
            os._exit(128 + number)
        log.info("asked to stop", signal=number.name)
        process.stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, received, number)


class _Watchdog:
    """Ends the process where its orderly end hangs; a thread, because the event loop may be what hangs."""

    def __init__(self, seconds: float) -> None:
        self._timer = threading.Timer(seconds, self._bite)
        self._timer.daemon = True

    def start(self) -> None:
        self._timer.start()

    def cancel(self) -> None:
        self._timer.cancel()

    @staticmethod
    def _bite() -> None:
        log.error("the process did not end in time", exit_status=EXIT_STUCK)
        os._exit(EXIT_STUCK)
