"""PersonService: protobuf in, protobuf out; the comparison is in `persons`."""

from __future__ import annotations

from typing import Any

import grpc

from leadline.dedup.v1.person_service_pb2 import MatchPersonsRequest, MatchPersonsResponse, PersonMatch
from leadline.dedup.v1.person_service_pb2_grpc import PersonServiceServicer
from services.dedup.persons.person import read_person
from services.dedup.persons.score import FLAG_SCORE, REJECT_SCORE, match
from shared.rpc.errors import Malformed

MOST_PAIRS = 1000


class PersonService(PersonServiceServicer):
    """Compares pairs of persons."""

    async def MatchPersons(
        self, request: MatchPersonsRequest, _: grpc.aio.ServicerContext[Any, Any]
    ) -> MatchPersonsResponse:
        """Raises Malformed for too many pairs and for scores that are none."""
        if len(request.pairs) > MOST_PAIRS:
            raise Malformed.field("pairs", f"expected at most {MOST_PAIRS}")
        flag, reject = request.flag_score or FLAG_SCORE, request.reject_score or REJECT_SCORE
        if not 1 <= flag <= reject <= 100:
            raise Malformed.field("flag_score", "expected 1 to 100, and not above the score of a reject")
        results = []
        for pair in request.pairs:
            found = match(read_person(pair.a), read_person(pair.b))
            verdict = found.verdict(flag=flag, reject=reject)
            results.append(PersonMatch(score=found.score, verdict=verdict, why=found.why))
        return MatchPersonsResponse(results=results)
