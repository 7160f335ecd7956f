"""The whole suite at work: decisions with follow-up and reporting beside them, and how soon a mail is handed over."""

from __future__ import annotations

import time

import grpc

from deploy.local.launch import Suite
from leadline.reporting.v1 import reporting_service_pb2 as pb
from leadline.reporting.v1.reporting_service_pb2_grpc import ReportingServiceStub
from tests.bench.rounds import Bench, Figure

_RATE = 200.0
_CAUGHT_UP_SECONDS = 120.0


def whole_suite(bench: Bench, suite: Suite, buyer_id: str, seconds: float) -> list[Figure]:
    """How soon a mail is handed over at 200 leads a second, then single posts at full speed with everything running."""
    bench.singles(64, max(10.0, seconds), rate=_RATE)
    mail = _wait_for_mail(suite, buyer_id, bench.accepted)
    peak = bench.singles(64, seconds)
    return [
        _figure("accepted_to_mail_at_200_p50_ms", mail.p50_ms, "ms"),
        _figure("accepted_to_mail_at_200_p99_ms", mail.p99_ms, "ms", wanted="<= 500"),
        _figure("single_posts_64_whole_suite", peak["good"] / peak["seconds"], "leads/s"),
    ]


def _wait_for_mail(suite: Suite, buyer_id: str, leads: int) -> pb.StageSpeed:
    """The read model's figures for mail, once all of it is handed over."""
    until = time.monotonic() + _CAUGHT_UP_SECONDS
    with grpc.insecure_channel(suite.target("reporting")) as channel:
        service = ReportingServiceStub(channel)
        request = pb.GetSpeedToLeadRequest(scope=pb.ReportScope(buyer_id=buyer_id))
        while True:
            stages = {stage.stage: stage for stage in service.GetSpeedToLead(request, timeout=10).stages}
            mail = stages.get("email", pb.StageSpeed())
            if mail.leads >= leads or time.monotonic() > until:
                return mail
            time.sleep(0.2)


def _figure(name: str, value: float, unit: str, wanted: str = "") -> Figure:
    value = round(value, 3)
    return Figure(name=name, value=value, unit=unit, least=value, greatest=value, wanted=wanted)
