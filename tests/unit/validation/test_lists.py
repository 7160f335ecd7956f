"""Lists: the packaged ones hold what their sources say, keep their rules, and answer as their sources would."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import disposable_email
import pytest
import zipcodes
from crawlerdetect import CrawlerDetect

from services.validation.lists.holders import Crawlers, DataCentres, Domains
from services.validation.lists.kinds import KINDS, Kind, verify
from services.validation.lists.listfile import Heading, ListError, compose, heading_of, read
from services.validation.lists.reference import packaged
from tests.unit.validation import people
from tests.unit.validation.terms import reference

PROGRAMS = (
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "curl/8.5.0",
    "python-requests/2.32",
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 HeadlessChrome/130.0.0.0 Safari/537.36",
    "facebookexternalhit/1.1",
    "CUBOT_NOTE_S Mozilla/5.0 (Linux; Android 5.1)",
    "",
    "; ID bot",
)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_every_list_is_packaged_and_keeps_its_rules(kind: Kind) -> None:
    heading, lines = read(packaged()[kind.name])
    assert heading.name == kind.name
    assert verify(heading, lines, len(lines)) == []


def test_zips_are_those_of_their_source() -> None:
    zips, rows = reference().zips, zipcodes.list_all()  # type: ignore[no-untyped-call]
    assert len(zips) == len({row["zip_code"] for row in rows})
    for row in rows:
        zip5 = row["zip_code"]
        assert zips.state(zip5) == row["state"]
        assert zips.in_use(zip5) is row["active"]
        assert zips.kind(zip5) == row["zip_code_type"].lower()
        assert zips.area_codes(zip5) == tuple(sorted(row["area_codes"]))
        assert zips.cities(zip5)[0] == zips.city(zip5) == row["city"].casefold()
        assert {city.casefold() for city in row["acceptable_cities"]} <= set(zips.cities(zip5))


@pytest.mark.parametrize("text", ["", "1", "00000", "99999", "1234a", "١٢٣٤٥", "123456", "-1234", "+1234", " 1234"])
def test_what_is_no_zip_has_no_state_and_no_city(text: str) -> None:
    zips = reference().zips
    assert (zips.state(text), zips.city(text), zips.cities(text), zips.kind(text)) == (None, "", (), "")


def test_domains_are_those_of_their_source_and_no_other() -> None:
    domains, known = reference().throwaway_domains, disposable_email.get_domains()
    assert set(domains) == {domain.lower() for domain in known}
    assert all(domain in domains for domain in known)
    assert not any(domain in domains for domain in ("", "gmail.com", "mailinator.example", "\uffff", "zzzz.zzzz"))
    assert "a.com" not in Domains()


def test_crawlers_are_told_as_their_source_tells_them() -> None:
    judge = CrawlerDetect()
    for agent in (*PROGRAMS, *people.USER_AGENTS):
        assert bool(reference().crawlers.named_in(agent)) is judge.is_crawler(agent), agent
    assert reference().crawlers.named_in("curl/8.5.0") == "curl"
    assert Crawlers().named_in("curl") == ""


@pytest.mark.parametrize(
    ("area", "states", "country"),
    [
        ("512", {"TX"}, "US"),
        ("212", {"NY"}, "US"),
        ("203", {"CT"}, "US"),
        ("310", {"CA"}, "US"),
        ("202", {"DC"}, "US"),
        ("787", {"PR"}, "US"),
        ("671", {"GU"}, "US"),
        ("416", set(), "CA"),
        ("905", set(), "CA"),
        ("800", set(), ""),
        ("", set(), ""),
    ],
)
def test_area_codes_are_at_home_where_they_are(area: str, states: set[str], country: str) -> None:
    assert reference().area_states(area) == states
    assert reference().area_codes.country(area) == country


def test_an_area_codes_state_is_one_that_its_zips_lie_in() -> None:
    """Two sources, held against each other."""
    zips = reference().zips
    seen: dict[str, set[str]] = {}
    for row in zipcodes.list_all():  # type: ignore[no-untyped-call]
        for area in zips.area_codes(row["zip_code"]):
            seen.setdefault(area, set()).add(row["state"])
    odd = {
        area: states
        for area, states in seen.items()
        if reference().area_states(area) and not reference().area_states(area) & states
    }
    assert odd == {}


def _machines() -> Iterator[tuple[str, str]]:
    yield "3.5.140.2", "hosting"
    yield "::ffff:3.5.140.2", "hosting"
    yield "2a01:4f8::1", "hosting"


def test_addresses_of_machines_are_told_from_those_of_people() -> None:
    centres = reference().data_centres
    for address, kind in _machines():
        found = centres.find(address)
        assert found is not None
        assert found.kind == kind
    for address in ("24.4.5.6", "73.162.1.1", "127.0.0.1", "192.168.0.1", "", "nonsense", "2601:646::1"):
        assert centres.find(address) is None, address


def test_ranges_end_where_they_say() -> None:
    centres = DataCentres(["10.0.0.4\t10.0.0.7\thosting\tAcme", "2001:db8::\t2001:db8:0:1:ffff:ffff:ffff:ffff\tvpn\tB"])
    inside = [str(ipaddress.ip_address("10.0.0.0") + n) for n in range(12)]
    assert [centres.find(one) is not None for one in inside] == [4 <= n <= 7 for n in range(12)]
    assert centres.find("2001:db8:0:1::5") == ("vpn", "B")
    assert centres.find("2001:db8:0:2::") is None


def test_a_list_is_told_by_its_content_and_not_by_the_order_it_came_in(tmp_path: Path) -> None:
    day = date(2026, 11, 22)
    one, first = compose("free-mail-domains", "x 1", day, ["b.com", "a.com", "b.com"])
    two, second = compose("free-mail-domains", "x 1", day, ["a.com", "b.com"])
    assert (one, first) == (two, second)
    path = tmp_path / one.file_name
    path.write_bytes(first)
    assert read(path) == (one, ["a.com", "b.com"])
    assert heading_of(path) == one
    assert one.stamp == f"x 1 of 2026-11-22 #{one.digest}"


def test_a_damaged_list_is_no_list(tmp_path: Path) -> None:
    heading, content = compose("free-mail-domains", "x 1", date(2026, 11, 22), ["a.com", "b.com"])
    path = tmp_path / "list.txt.gz"
    plain = tmp_path / "list.txt"
    for broken in (content[:-9], content[: len(content) // 2], b"", b"\x1f\x8bnonsense", b"a.com\n"):
        path.write_bytes(broken)
        with pytest.raises(ListError):
            read(path)
    plain.write_text('# {"name": "free-mail-domains"}\na.com\n')
    with pytest.raises(ListError, match="what list it is"):
        read(plain)
    with pytest.raises(ListError):
        read(tmp_path / "absent.txt")
    told = f'{{"name": "n", "version": "x 1", "date": "2026-11-22", "entries": 2, "digest": "{heading.digest}"}}'
    plain.write_text(f"# {told}\na.com\nc.com\n")
    with pytest.raises(ListError, match="not those"):
        read(plain)


def test_what_breaks_a_lists_rules_is_named() -> None:
    heading, lines = read(packaged()["throw-away-domains"])
    assert verify(heading, [*lines, "gmail.com"], len(lines)) == ["gmail.com must not be on it"]
    assert verify(heading, lines[:30_000], len(lines))[0].startswith("30000 entries after ")
    assert any("mailinator.com is missing" in fault for fault in verify(heading, lines[:30_000], None))
    assert verify(heading, [*lines, "<html>"], None)[0].startswith("1 entries are not of the list's form")
    with pytest.raises(ListError, match="no list is called"):
        verify(Heading("birds", "1", date(2026, 1, 1), 0, ""), [], None)
