"""NoticeService: protobuf in, protobuf out."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import grpc
from google.protobuf.timestamp_pb2 import Timestamp

from leadline.intake.v1 import notice_service_pb2 as pb
from leadline.intake.v1.notice_service_pb2_grpc import NoticeServiceServicer
from services.intake.catalog.directory import Directory
from services.intake.identifiers import is_lead_id
from services.intake.notices.store import NoticeStore
from shared.catalog.terms import Seller
from shared.rpc.errors import Malformed, NotFound
from shared.runtime.clock import Clock
from shared.webhook import signing

STATES = ("waiting", "delivered", "dead")
MOST = 500
_Context = grpc.aio.ServicerContext[Any, Any]


class NoticeService(NoticeServiceServicer):
    """Makes secrets, and tells what became of notices."""

    def __init__(
        self, store: NoticeStore, directory: Directory, clock: Clock, *, random_bytes: Callable[[int], bytes]
    ) -> None:
        self._store = store
        self._directory = directory
        self._clock = clock
        self._random_bytes = random_bytes

    async def CreateWebhookSecret(
        self, request: pb.CreateWebhookSecretRequest, context: _Context
    ) -> pb.CreateWebhookSecretResponse:
        """A new secret for a seller."""
        buyer_id = self._directory.buyer(request.buyer_id)
        seller = self._seller(buyer_id, request.seller)
        secret = self._random_bytes(signing.SECRET_BYTES)
        await self._store.new_secret(buyer_id, seller.slug, secret, self._clock.now())
        return pb.CreateWebhookSecretResponse(secret=signing.written(secret), webhook_url=seller.webhook_url)

    async def ListNotices(self, request: pb.ListNoticesRequest, context: _Context) -> pb.ListNoticesResponse:
        """Notices, newest first."""
        buyer_id = self._directory.buyer(request.buyer_id)
        size = request.page_size or 100
        if not 1 <= size <= MOST:
            raise Malformed.field("page_size", f"expected 1 to {MOST}")
        if request.state and request.state not in STATES:
            raise Malformed.field("state", f"expected one of {', '.join(STATES)}")
        rows = await self._store.listed(buyer_id, request.seller, request.state, size)
        return pb.ListNoticesResponse(
            notices=[
                pb.Notice(
                    notice_id=row["notice_id"],
                    seller=row["seller"],
                    type=row["type"],
                    state=row["state"],
                    attempts=row["attempts"],
                    failure=row["failure"],
                    create_time=_stamp(row["created_at"]),
                    due_time=_stamp(row["due_at"]) if row["state"] == "waiting" else None,
                    settle_time=_stamp(row["settled_at"]),
                )
                for row in rows
            ]
        )

    async def ResendNotices(self, request: pb.ResendNoticesRequest, context: _Context) -> pb.ResendNoticesResponse:
        """Try dead ones again."""
        buyer_id = self._directory.buyer(request.buyer_id)
        if request.notice_id and not is_lead_id(request.notice_id):
            raise Malformed.field("notice_id", "expected a notice's id")
        seller = self._seller(buyer_id, request.seller)
        sent = await self._store.resend(buyer_id, seller.slug, request.notice_id, self._clock.now())
        return pb.ResendNoticesResponse(resent=sent)

    def _seller(self, buyer_id: str, slug: str) -> Seller:
        seller = self._directory.current(buyer_id).seller(slug)
        if seller is None:
            raise NotFound("there is no seller of that name in the catalog")
        return seller


def _stamp(instant: datetime | None) -> Timestamp | None:
    if instant is None:
        return None
    stamp = Timestamp()
    stamp.FromDatetime(instant)
    return stamp
