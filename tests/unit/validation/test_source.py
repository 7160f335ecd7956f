from __future__ import annotations

from dataclasses import replace

import pytest

from services.validation.source import host_of
from tests.unit.validation.terms import GOOD, judged, reasons

GOOD_SOURCES = [
    ("https://www.best-auto-loans.example/apply?a=b#c", "best-auto-loans.example"),
    ("http://best-auto-loans.example", "best-auto-loans.example"),
    ("best-auto-loans.example", "best-auto-loans.example"),
    ("WWW.Best-Auto-Loans.EXAMPLE/", "best-auto-loans.example"),
    ("//best-auto-loans.example/x", "best-auto-loans.example"),
    ("https://best-auto-loans.example:8443/", "best-auto-loans.example"),
    ("https://user:pass@best-auto-loans.example/", "best-auto-loans.example"),
    ("best-auto-loans.example.", "best-auto-loans.example"),
    ("https://bücher.example/", "xn--bcher-kva.example"),
    ("a.co", "a.co"),
]


@pytest.mark.parametrize(("text", "host"), GOOD_SOURCES)
def test_a_url_or_domain_becomes_its_host(text: str, host: str) -> None:
    assert host_of(text) == host
    assert host_of(host) == host


@pytest.mark.parametrize(
    "text",
    [
        "localhost",
        "https://",
        "http:///x",
        "not a site",
        "127.0.0.1",
        "https://[::1]/",
        "android-app://com.x.y",
        "a..b",
        "-a.com",
        "x" * 300 + ".com",
    ],
)
def test_what_is_no_site_is_a_fault_of_the_source_only(text: str) -> None:
    verdict = judged(replace(GOOD, source=text))
    assert verdict.source == ""
    assert ("field_invalid", "source") in reasons(verdict)


def test_a_source_that_was_not_sent_is_no_fault() -> None:
    verdict = judged(replace(GOOD, source=" "))
    assert verdict.source == ""
    assert verdict.findings == ()


def test_a_host_below_a_site_of_the_catalog_counts_as_that_site() -> None:
    assert judged(replace(GOOD, source="apply.best-auto-loans.example")).source == "best-auto-loans.example"
    assert judged(replace(GOOD, source="m.unknown.example")).source == "m.unknown.example"
    assert judged(replace(GOOD, source="worst-best-auto-loans.example")).source == "worst-best-auto-loans.example"
