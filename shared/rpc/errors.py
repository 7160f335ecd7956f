"""One vocabulary of inability, the same inside a process, on the wire and at the web edge.

A business outcome is never an error: it is data in a response. An `AppError` says that a call could not be carried
out. It crosses gRPC as `google.rpc.Status` with exactly one `ErrorInfo` (domain `leadline`, reason: the name of an
`ErrorReason`), plus `BadRequest` for fields and `RetryInfo` for waiting (AIP-193). In a batch it is the `Refusal` of
one item. `TABLE` is the only place where reason, gRPC code and HTTP status meet.

Messages are written by us, for people, and never hold personal data or text of foreign exceptions.
"""

# The classes are the vocabulary: `raise NotFound(…)`, not `raise NotFoundError(…)`.
# ruff: noqa: N818

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import grpc
from google.protobuf.duration_pb2 import Duration
from google.rpc import error_details_pb2
from google.rpc.status_pb2 import Status

from leadline.common.v1.error_reason_pb2 import ErrorReason, FieldViolation, Refusal

DOMAIN = "leadline"
STATUS_TRAILER = "grpc-status-details-bin"
INCIDENT = "incident"


@dataclass(frozen=True, slots=True)
class Mapped:
    """How one reason appears to others. `retryable`: the same call may be sent again as it is."""

    code: grpc.StatusCode
    http_status: int
    retryable: bool = False


TABLE: Mapping[ErrorReason.ValueType, Mapped] = {
    ErrorReason.ERROR_REASON_REQUEST_MALFORMED: Mapped(grpc.StatusCode.INVALID_ARGUMENT, 400),
    ErrorReason.ERROR_REASON_KEY_MISSING: Mapped(grpc.StatusCode.UNAUTHENTICATED, 401),
    ErrorReason.ERROR_REASON_KEY_INVALID: Mapped(grpc.StatusCode.UNAUTHENTICATED, 401),
    ErrorReason.ERROR_REASON_KEY_SCOPE: Mapped(grpc.StatusCode.PERMISSION_DENIED, 403),
    ErrorReason.ERROR_REASON_NOT_FOUND: Mapped(grpc.StatusCode.NOT_FOUND, 404),
    ErrorReason.ERROR_REASON_SUBMISSION_CONFLICT: Mapped(grpc.StatusCode.FAILED_PRECONDITION, 409),
    ErrorReason.ERROR_REASON_WRONG_STATE: Mapped(grpc.StatusCode.FAILED_PRECONDITION, 409),
    ErrorReason.ERROR_REASON_CATALOG_INVALID: Mapped(grpc.StatusCode.INVALID_ARGUMENT, 400),
    ErrorReason.ERROR_REASON_RACE_LOST: Mapped(grpc.StatusCode.ABORTED, 409, retryable=True),
    ErrorReason.ERROR_REASON_OVERLOADED: Mapped(grpc.StatusCode.RESOURCE_EXHAUSTED, 429, retryable=True),
    ErrorReason.ERROR_REASON_UNAVAILABLE: Mapped(grpc.StatusCode.UNAVAILABLE, 503, retryable=True),
    ErrorReason.ERROR_REASON_DEADLINE: Mapped(grpc.StatusCode.DEADLINE_EXCEEDED, 504),
    ErrorReason.ERROR_REASON_DEADLINE_MISSING: Mapped(grpc.StatusCode.INVALID_ARGUMENT, 400),
    ErrorReason.ERROR_REASON_INTERNAL: Mapped(grpc.StatusCode.INTERNAL, 500),
    ErrorReason.ERROR_REASON_RATE_LIMITED: Mapped(grpc.StatusCode.RESOURCE_EXHAUSTED, 429, retryable=True),
}


@dataclass(frozen=True, slots=True)
class Violation:
    """What is wrong with one field: its path as the caller spells it, and what was expected (never the value)."""

    field: str
    message: str


class AppError(Exception):
    """A call, or one item of a batch, that could not be carried out.

    `message`: one sentence for a person. `violations`: the fields at fault. `retry_after_seconds`: when to try
    again (default: the class's); 0 where waiting does not help. `metadata`: public facts for machines, such as the
    incident id. Raise a subclass; the reason belongs to the class.
    """

    reason: ClassVar[ErrorReason.ValueType] = ErrorReason.ERROR_REASON_INTERNAL
    default_retry_after_seconds: ClassVar[float] = 0

    def __init__(
        self,
        message: str,
        *,
        violations: Sequence[Violation] = (),
        retry_after_seconds: float | None = None,
        metadata: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.violations = tuple(violations)
        self.retry_after_seconds = (
            self.default_retry_after_seconds if retry_after_seconds is None else retry_after_seconds
        )
        self.metadata = dict(metadata or {})

    @property
    def code(self) -> grpc.StatusCode:
        """The gRPC status code."""
        return TABLE[self.reason].code

    @property
    def http_status(self) -> int:
        """The HTTP status at the web edge."""
        return TABLE[self.reason].http_status

    @property
    def retryable(self) -> bool:
        """True where the very same call may be sent again."""
        return TABLE[self.reason].retryable


class Malformed(AppError):
    """The request's shape is wrong whatever the state."""

    reason = ErrorReason.ERROR_REASON_REQUEST_MALFORMED

    @classmethod
    def field(cls, path: str, expected: str) -> Malformed:
        """One field at fault: `Malformed.field("consent.captured_at", "expected an RFC 3339 instant")`."""
        return cls(f"{path}: {expected}", violations=(Violation(path, expected),))


class KeyMissing(AppError):
    """No access key was sent."""

    reason = ErrorReason.ERROR_REASON_KEY_MISSING


class KeyInvalid(AppError):
    """The access key is unknown, mistyped, expired or revoked."""

    reason = ErrorReason.ERROR_REASON_KEY_INVALID


class KeyScope(AppError):
    """The key is good but not for this order, seller or action."""

    reason = ErrorReason.ERROR_REASON_KEY_SCOPE


class NotFound(AppError):
    """The thing named does not exist, or not for this key."""

    reason = ErrorReason.ERROR_REASON_NOT_FOUND


class SubmissionConflict(AppError):
    """The same submission key came with other content before."""

    reason = ErrorReason.ERROR_REASON_SUBMISSION_CONFLICT


class WrongState(AppError):
    """The thing is not in the state that the change needs."""

    reason = ErrorReason.ERROR_REASON_WRONG_STATE


class CatalogInvalid(AppError):
    """The catalog document has errors; each is a violation."""

    reason = ErrorReason.ERROR_REASON_CATALOG_INVALID


class RaceLost(AppError):
    """A race was lost; the whole call may be run again."""

    reason = ErrorReason.ERROR_REASON_RACE_LOST


class Overloaded(AppError):
    """Too much work in progress; nothing was begun. Says when to come back (default: 1 second)."""

    reason = ErrorReason.ERROR_REASON_OVERLOADED
    default_retry_after_seconds = 1


class RateLimited(AppError):
    """This access key has sent as many leads as it may for now. Says when to come back (default: 1 second)."""

    reason = ErrorReason.ERROR_REASON_RATE_LIMITED
    default_retry_after_seconds = 1


class Unavailable(AppError):
    """Something this needs is away. Says when to come back (default: 1 second)."""

    reason = ErrorReason.ERROR_REASON_UNAVAILABLE
    default_retry_after_seconds = 1


class DeadlineExceeded(AppError):
    """Time ran out and the outcome is unknown; ask with the same key."""

    reason = ErrorReason.ERROR_REASON_DEADLINE


class DeadlineMissing(AppError):
    """The caller set no deadline."""

    reason = ErrorReason.ERROR_REASON_DEADLINE_MISSING


class Internal(AppError):
    """A defect of ours."""

    reason = ErrorReason.ERROR_REASON_INTERNAL


BY_REASON: Mapping[ErrorReason.ValueType, type[AppError]] = {
    error.reason: error
    for error in (
        Malformed,
        KeyMissing,
        KeyInvalid,
        KeyScope,
        NotFound,
        SubmissionConflict,
        WrongState,
        CatalogInvalid,
        RaceLost,
        Overloaded,
        RateLimited,
        Unavailable,
        DeadlineExceeded,
        DeadlineMissing,
        Internal,
    )
}

_BY_NAME = {ErrorReason.Name(reason): error for reason, error in BY_REASON.items()}

# What a status means that carries no ErrorInfo of ours: the transport made it, or a foreign server. The texts are
# ours because a transport's own text names addresses.
_UNMARKED: Mapping[grpc.StatusCode, tuple[type[AppError], str]] = {
    grpc.StatusCode.UNAVAILABLE: (Unavailable, "a service that this needs is away"),
    grpc.StatusCode.CANCELLED: (Unavailable, "the call was cut off"),
    grpc.StatusCode.DEADLINE_EXCEEDED: (DeadlineExceeded, "no answer within the deadline; the outcome is unknown"),
}


def to_status(error: AppError) -> Status:
    """The error as it crosses the wire."""
    status = Status(code=error.code.value[0], message=error.message)
    status.details.add().Pack(
        error_details_pb2.ErrorInfo(reason=ErrorReason.Name(error.reason), domain=DOMAIN, metadata=error.metadata)
    )
    if error.violations:
        bad = error_details_pb2.BadRequest()
        for violation in error.violations:
            bad.field_violations.add(field=violation.field, description=violation.message)
        status.details.add().Pack(bad)
    if error.retry_after_seconds > 0:
        delay = Duration(nanos=0)
        delay.FromNanoseconds(round(error.retry_after_seconds * 1e9))
        status.details.add().Pack(error_details_pb2.RetryInfo(retry_delay=delay))
    return status


def from_status(status: Status) -> AppError | None:
    """The error that a status carries; None where it has no ErrorInfo of ours or a reason newer than this code."""
    violations: list[Violation] = []
    retry_after, reason, metadata = 0.0, "", {}
    info, bad, retry = error_details_pb2.ErrorInfo(), error_details_pb2.BadRequest(), error_details_pb2.RetryInfo()
    for detail in status.details:
        if detail.Unpack(info) and info.domain == DOMAIN:
            reason, metadata = info.reason, dict(info.metadata)
        elif detail.Unpack(bad):
            violations = [Violation(item.field, item.description) for item in bad.field_violations]
        elif detail.Unpack(retry):
            retry_after = retry.retry_delay.ToNanoseconds() / 1e9
    known = _BY_NAME.get(reason)
    if known is None:
        return None
    return known(status.message, violations=violations, retry_after_seconds=retry_after, metadata=metadata)


def from_rpc_error(error: grpc.aio.AioRpcError) -> AppError:
    """What a failed call of ours means, whoever made the status: the server, the transport or a foreign server."""
    for key, value in error.trailing_metadata() or ():
        if key == STATUS_TRAILER and isinstance(value, bytes):
            known = from_status(Status.FromString(value))
            if known is not None:
                return known
    kind, message = _UNMARKED.get(error.code(), (Internal, f"a call failed with {error.code().name}"))
    return kind(message)


def to_refusal(error: AppError) -> Refusal:
    """The error as the refusal of one item of a batch. Waiting is rounded up to whole seconds."""
    return Refusal(
        reason=error.reason,
        message=error.message,
        violations=[FieldViolation(field=item.field, message=item.message) for item in error.violations],
        retry_after_seconds=math.ceil(error.retry_after_seconds),
    )


def from_refusal(refusal: Refusal) -> AppError:
    """The error that a refusal carries; a reason newer than this code becomes Internal."""
    kind = BY_REASON.get(refusal.reason, Internal)
    return kind(
        refusal.message,
        violations=[Violation(item.field, item.message) for item in refusal.violations],
        retry_after_seconds=refusal.retry_after_seconds,
    )
