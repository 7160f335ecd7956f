"""PackService: protobuf in, protobuf out."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

import grpc
import structlog

from leadline.validation.v1 import pack_service_pb2 as pb
from leadline.validation.v1.pack_service_pb2_grpc import PackServiceServicer
from services.validation.pack.maker import PackMaker
from shared.rpc.errors import Malformed

_log = structlog.get_logger(__name__)
_MOST_NAME, _MOST_WORDS = 200, 2000


class PackService(PackServiceServicer):
    """Hands evidence over."""

    def __init__(self, maker: PackMaker) -> None:
        self._maker = maker

    async def MakePack(
        self, request: pb.MakePackRequest, context: grpc.aio.ServicerContext[Any, Any]
    ) -> pb.MakePackResponse:
        """Pack one lead."""
        if not request.buyer_id:
            raise Malformed.field("buyer_id", "expected a buyer")
        if bool(request.lead_id) == bool(request.return_id):
            raise Malformed.field("lead_id", "expected a lead or a return")
        made = await self._maker.make(
            request.buyer_id,
            lead_id=request.lead_id,
            return_id=request.return_id,
            asked_by=_words("asked_by", request.asked_by, 1, _MOST_NAME),
            why=_words("why", request.why, 0, _MOST_WORDS),
        )
        digest = sha256(made.archive).hexdigest()
        # Who asked, and why, stands in the pack: names of people are not for logs.
        _log.info("evidence packed", buyer_id=request.buyer_id, lead_id=made.lead_id, hash=digest)
        return pb.MakePackResponse(
            archive=made.archive,
            file_name=f"leadline-evidence-{made.lead_id}.zip",
            sha256=digest,
            key=self._maker.public_key,
            lead_id=made.lead_id,
        )

    async def GetPackKey(
        self, request: pb.GetPackKeyRequest, context: grpc.aio.ServicerContext[Any, Any]
    ) -> pb.GetPackKeyResponse:
        """The public key."""
        return pb.GetPackKeyResponse(key=self._maker.public_key)


def _words(field: str, text: str, least: int, most: int) -> str:
    said = text.strip()
    if not least <= len(said) <= most or "\x00" in said:
        raise Malformed.field(field, f"expected {least} to {most} characters")
    return said
