"""Everything that can go wrong at the edge, as `application/problem+json` (RFC 9457), by one table."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec

from services.gateway.posted import Fault, Position, Unreadable
from services.gateway.service import ERROR_CODES
from shared.rpc import errors
from shared.rpc.errors import AppError

MEDIA_TYPE = b"application/problem+json"
#: Longest field path shown; a path is made of names that the sender chose.
_NAME = 200

#: A short title for each inability of the chain; code and HTTP status come from the shared vocabulary.
TITLES: Mapping[type[AppError], str] = {
    errors.Malformed: "The request cannot be read",
    errors.KeyMissing: "No access key was sent",
    errors.KeyInvalid: "The access key is not valid",
    errors.KeyScope: "The access key is not for this",
    errors.NotFound: "Not found",
    errors.SubmissionConflict: "The same submission came with other content before",
    errors.WrongState: "Not possible in the present state",
    errors.CatalogInvalid: "The catalog has errors",
    errors.RaceLost: "Something changed at the same moment",
    errors.Overloaded: "Too much work in progress",
    errors.RateLimited: "This access key has sent too many leads",
    errors.Unavailable: "Something this needs is away",
    errors.DeadlineExceeded: "Time ran out and the outcome is unknown",
    errors.DeadlineMissing: "The call had no deadline",
    errors.Internal: "A defect of ours",
}


@dataclass(frozen=True, slots=True)
class EdgeProblem:
    """What only HTTP knows."""

    status: int
    title: str


#: By code, as `TITLES` is by reason.
EDGE: Mapping[str, EdgeProblem] = {
    "method_not_allowed": EdgeProblem(405, "Not with this method"),
    "not_acceptable": EdgeProblem(406, "No such representation"),
    "request_timeout": EdgeProblem(408, "The request did not arrive in time"),
    "content_too_large": EdgeProblem(413, "The request is too large"),
    "unsupported_media_type": EdgeProblem(415, "The format is not accepted"),
    "headers_too_large": EdgeProblem(431, "The headers are too large"),
}


class FieldError(msgspec.Struct, frozen=True):
    """What is wrong with one field. Never holds the value that was sent."""

    field: str
    expected: str


class Place(msgspec.Struct, frozen=True):
    """A place in the body: line and column from 1, byte from 0."""

    line: int
    column: int
    byte: int


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """Why a request, or one lead of a batch, was not taken. `type` is stable and leads to its explanation."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    errors: list[FieldError] = []
    position: Place | msgspec.UnsetType = msgspec.UNSET
    retry_after: int | msgspec.UnsetType = msgspec.UNSET
    incident: str | msgspec.UnsetType = msgspec.UNSET
    index: int | msgspec.UnsetType = msgspec.UNSET


def code_of(kind: type[AppError]) -> str:
    """The public code of an inability: its reason's name without prefix, in lower case."""
    return ERROR_CODES[kind.reason]


def status_of(kind: type[AppError]) -> int:
    """The HTTP status of an inability."""
    return errors.TABLE[kind.reason].http_status


class HttpError(Exception):
    """A request that ends with a problem of the edge itself."""

    def __init__(
        self, code: str, detail: str, *faults: Fault, headers: Sequence[tuple[bytes, bytes]] = (), close: bool = False
    ) -> None:
        super().__init__(code)
        self.code = code
        self.detail = detail
        self.faults = faults
        self.headers = tuple(headers)
        #: True where the rest of the body is not worth reading.
        self.close = close


def of_edge(error: HttpError) -> Problem:
    """The problem of an `HttpError`."""
    kind = EDGE[error.code]
    return _problem(error.code, kind.status, kind.title, error.detail, error.faults)


def of_app_error(error: AppError) -> Problem:
    """The problem that an inability of the chain is."""
    kind = errors.BY_REASON[error.reason]
    faults = [Fault(item.field, item.message) for item in error.violations]
    wait = math.ceil(error.retry_after_seconds)
    return _problem(
        code_of(kind),
        status_of(kind),
        TITLES[kind],
        error.message,
        faults,
        retry_after=wait if wait > 0 else msgspec.UNSET,
        incident=error.metadata.get("incident", msgspec.UNSET),
    )


def of_unreadable(error: Unreadable) -> Problem:
    """The problem that an unreadable post is: HTTP 400."""
    kind = errors.Malformed
    return _problem(
        code_of(kind),
        status_of(kind),
        TITLES[kind],
        error.detail,
        error.faults,
        position=_place(error.position),
    )


def _place(position: Position | None) -> Place | msgspec.UnsetType:
    return msgspec.UNSET if position is None else Place(position.line, position.column, position.byte)


def _problem(
    code: str,
    status: int,
    title: str,
    detail: str,
    faults: Sequence[Fault],
    *,
    position: Place | msgspec.UnsetType = msgspec.UNSET,
    retry_after: int | msgspec.UnsetType = msgspec.UNSET,
    incident: str | msgspec.UnsetType = msgspec.UNSET,
) -> Problem:
    return Problem(
        type=f"/docs#{code}",
        title=title,
        status=status,
        detail=detail,
        code=code,
        errors=[FieldError(fault.field[:_NAME], fault.expected) for fault in faults],
        position=position,
        retry_after=retry_after,
        incident=incident,
    )
