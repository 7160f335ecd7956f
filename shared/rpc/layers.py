"""What surrounds every handler, composed once per method when it is registered.

Not grpc.aio interceptors: each of those costs about a tenth of a call (measured), a plain coroutine next to nothing,
and it is given the method's name once instead of on every call. LAYERS is the order, outermost first:

`telemetry` sees the final code and the whole time. `errors` turns whatever comes out into a status of ours, so that
the layers inside it may simply raise. `limit` refuses before any work is done. `deadline` refuses a call that nobody
bounded or that nobody still waits for.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

import grpc
import structlog
from prometheus_client import Counter

from shared.rpc.client import LEAST_USEFUL_SECONDS
from shared.rpc.errors import (
    INCIDENT,
    STATUS_TRAILER,
    AppError,
    DeadlineExceeded,
    DeadlineMissing,
    Internal,
    Overloaded,
    Unavailable,
    from_rpc_error,
    to_status,
)
from shared.telemetry.logging import failure
from shared.telemetry.metrics import Metrics

Context = grpc.aio.ServicerContext[Any, Any]
Handler = Callable[[Any, Context], Awaitable[Any]]
Layer = Callable[[str, Handler], Handler]

LAYERS: Final = ("telemetry", "errors", "limit", "deadline")

log = structlog.get_logger()


class InFlight:
    """Counts the calls under way, refuses those beyond `most`, and tells when none is left.

    Our own count because the server's stop returns while aborted handlers still clean up, and because its own limit
    has been wrong before.
    """

    def __init__(self, most: int, metrics: Metrics) -> None:
        self._most = most
        self._count = 0
        self._idle = asyncio.Event()
        self._idle.set()
        metrics.gauge("leadline_rpc_in_flight").set_function(lambda: self._count)

    @property
    def count(self) -> int:
        """Calls under way."""
        return self._count

    async def idle(self) -> None:
        """Returns once no call is under way."""
        await self._idle.wait()

    def enter(self) -> None:
        """One call more; raises Overloaded where that is too many."""
        if self._count >= self._most:
            raise Overloaded("too many calls are under way")
        self._count += 1
        self._idle.clear()

    def leave(self) -> None:
        """One call less."""
        self._count -= 1
        if self._count == 0:
            self._idle.set()


def layers(in_flight: InFlight, metrics: Metrics) -> Mapping[str, Layer]:
    """The layers by name; `compose` puts them in order."""
    return {
        "telemetry": lambda method, handler: telemetry(method, handler, metrics),
        "errors": errors,
        "limit": lambda _method, handler: limit(handler, in_flight),
        "deadline": lambda _method, handler: deadline(handler),
    }


def compose(method: str, handler: Handler, by_name: Mapping[str, Layer]) -> Handler:
    """`handler` inside all LAYERS. `method` is the full name, `package.Service/Method`."""
    for name in reversed(LAYERS):
        handler = by_name[name](method, handler)
    return handler


def telemetry(method: str, handler: Handler, metrics: Metrics) -> Handler:
    """Counts calls by code and measures their time."""
    seconds = metrics.histogram("leadline_rpc_seconds", method=method)
    by_code: dict[str, Counter] = {}

    def count(code: str) -> None:
        counter = by_code.get(code)
        if counter is None:
            counter = by_code[code] = metrics.counter("leadline_rpc_requests_total", method=method, code=code)
        counter.inc()

    async def measured(request: Any, context: Context) -> Any:
        started = time.perf_counter()
        try:
            response = await handler(request, context)
        except asyncio.CancelledError:
            count("DEADLINE_EXCEEDED" if context.time_remaining() == 0 else "CANCELLED")
            raise
        except BaseException:
            count(_code_name(context.code()))
            raise
        else:
            count("OK")
            return response
        finally:
            seconds.observe(time.perf_counter() - started)

    return measured


def errors(method: str, handler: Handler) -> Handler:
    """The last resort: every failure leaves as a status with our ErrorInfo, and no foreign text leaves at all."""

    async def answered(request: Any, context: Context) -> Any:
        try:
            return await handler(request, context)
        except AppError as error:
            await _abort(context, error)
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise  # the caller went away or its deadline passed: there is nobody to answer
            # Something inside was cancelled, not this call. Left alone, the caller would never get an answer.
            await _abort(context, Unavailable("the work was cut off"))
        except grpc.aio.AbortError:
            raise
        except grpc.aio.AioRpcError as error:
            await _abort(context, from_rpc_error(error))
        except TimeoutError as error:
            log.warning("time ran out inside a handler", method=method, **failure(error))
            await _abort(context, DeadlineExceeded("time ran out; the outcome is unknown"))
        except Exception as error:
            incident = secrets.token_hex(8)
            log.error("unhandled error", method=method, incident=incident, **failure(error))
            await _abort(context, Internal(f"internal error, incident {incident}", metadata={INCIDENT: incident}))

    return answered


def limit(handler: Handler, in_flight: InFlight) -> Handler:
    """Refuses a call beyond the limit with RESOURCE_EXHAUSTED and a time to come back, before any work."""

    async def limited(request: Any, context: Context) -> Any:
        in_flight.enter()
        try:
            return await handler(request, context)
        finally:
            in_flight.leave()

    return limited


def deadline(handler: Handler) -> Handler:
    """Refuses a call without a deadline, and one with less time left than an answer takes."""

    async def bounded(request: Any, context: Context) -> Any:
        remaining = context.time_remaining()
        if remaining is None:
            raise DeadlineMissing("expected a deadline on the call")
        if remaining < LEAST_USEFUL_SECONDS:
            raise DeadlineExceeded("the call arrived with no time left")
        return await handler(request, context)

    return bounded


def _code_name(code: grpc.StatusCode | int | None) -> str:
    if isinstance(code, grpc.StatusCode):
        return code.name
    return next((known.name for known in grpc.StatusCode if known.value[0] == code), "UNKNOWN")


async def _abort(context: Context, error: AppError) -> None:
    trailer = ((STATUS_TRAILER, to_status(error).SerializeToString()),)
    await context.abort(error.code, error.message, trailer)
