"""Packs of evidence: whatever is changed in one after it was signed shows, and nothing in it is trusted before."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from datetime import UTC, date, datetime

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.evidence.archive import MANIFEST, PARTS, SIGNATURE, pack, public_key
from shared.evidence.chain import NO_HASH, record_hash
from shared.evidence.verify import CONSENT, MOST_FILES, Consent, Record, verify

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OTHER = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
AT = datetime(2026, 11, 22, 12, tzinfo=UTC)
LEAD = "01a20000-0000-7000-8000-000000000001"


def record(text: str, position: int = 7) -> Record:
    """A record of the chain, as it was written."""
    said = {"position": position, "kind": "consent", "keep_until": date(2031, 11, 22), "record": text}
    hashed = record_hash(NO_HASH, buyer_id="big-bank", lead_id=LEAD, **said)  # type: ignore[arg-type]
    return Record(**said, previous_hash=NO_HASH.hex(), hash=hashed.hex())  # type: ignore[arg-type]


def consent(*records: Record, texts: dict[str, str] | None = None) -> bytes:
    return msgspec.json.encode(Consent(records=records, texts=texts or {}))


PARTS_OF_ONE = {"lead.json": b'{"outcome": "accepted"}', CONSENT: consent(record("{}")), "receipt.json": b"[1, 2]"}


def packed(parts: dict[str, bytes] | None = None, key: Ed25519PrivateKey = KEY) -> bytes:
    return pack(
        PARTS_OF_ONE if parts is None else parts,
        buyer_id="big-bank", lead_id=LEAD, asked_by="Cara", why="complaint 7", made_at=AT, key=key,
    )  # fmt: skip


def rewritten(archive: bytes, change: Callable[[dict[str, bytes]], object]) -> bytes:
    """The archive with its files changed, as a forger would who has no key."""
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        files = {name: opened.read(name) for name in opened.namelist()}
    change(files)
    into = io.BytesIO()
    with zipfile.ZipFile(into, "w") as made:
        for name, content in files.items():
            made.writestr(name, content)
    return into.getvalue()


def test_a_pack_as_it_was_made_holds_and_says_what_it_is_about() -> None:
    found = verify(packed(), key=public_key(KEY))
    assert found.faults == ()
    assert found.manifest is not None
    assert (found.manifest.lead_id, found.manifest.asked_by, found.manifest.why) == (LEAD, "Cara", "complaint 7")
    assert [part.name for part in found.manifest.parts] == list(PARTS_OF_ONE)


def test_the_same_parts_at_the_same_instant_give_the_same_bytes() -> None:
    assert packed() == packed()


@given(st.dictionaries(st.from_regex(r"[a-z]{1,12}\.txt", fullmatch=True), st.binary(max_size=200), max_size=6))
@settings(max_examples=40)
def test_whatever_is_packed_comes_out_and_holds(parts: dict[str, bytes]) -> None:
    archive = packed(parts)
    assert verify(archive, key=public_key(KEY)).faults == ()
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        assert {name: opened.read(PARTS + name) for name in parts} == parts


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda files: files.update({PARTS + "lead.json": b'{"outcome": "rejected"}'}), "lead.json was changed"),
        (lambda files: files.pop(PARTS + "receipt.json"), "receipt.json is missing"),
        (lambda files: files.update({PARTS + "more.json": b"{}"}), "parts/more.json is not in the manifest"),
        (lambda files: files.update({MANIFEST: files[MANIFEST].replace(b"Cara", b"Carl")}), "signature"),
        (lambda files: files.update({SIGNATURE: bytes(64)}), "signature"),
        (lambda files: files.pop(SIGNATURE), "signature"),
    ],
)
def test_whatever_was_changed_after_signing_is_named(change: Callable[[dict[str, bytes]], object], said: str) -> None:
    (fault,) = verify(rewritten(packed(), change), key=public_key(KEY)).faults
    assert said in fault


def test_a_pack_that_somebody_else_signed_is_none_of_the_buyers() -> None:
    forged = packed(key=OTHER)
    assert verify(forged).faults == ()
    (fault,) = verify(forged, key=public_key(KEY)).faults
    assert "not by the one that was expected" in fault


def test_parts_that_changed_places_do_not_hold_even_under_a_new_signature() -> None:
    def swap(files: dict[str, bytes]) -> None:
        manifest = msgspec.json.decode(files[MANIFEST])
        manifest["parts"].reverse()
        files[MANIFEST] = msgspec.json.encode(manifest)
        files[SIGNATURE] = KEY.sign(files[MANIFEST])

    faults = verify(rewritten(packed(), swap), key=public_key(KEY)).faults
    assert any("does not follow the part before it" in fault for fault in faults)


def test_a_record_that_is_not_what_the_chain_recorded_is_named_however_well_it_is_signed() -> None:
    tampered = msgspec.structs.replace(record('{"ip": "198.51.100.7"}'), record='{"ip": "198.51.100.8"}')
    (fault,) = verify(packed({CONSENT: consent(tampered)})).faults
    assert fault == "record 7 of the chain of evidence is not what was recorded"


def test_a_text_that_was_not_the_one_presented_is_named() -> None:
    (fault,) = verify(packed({CONSENT: consent(record("{}"), texts={"ab" * 32: "I agree."})})).faults
    assert "is not the one that was presented" in fault


@pytest.mark.parametrize("junk", [b"", b"PK", b"not a zip at all", packed()[:-30], rewritten(packed(), dict.clear)])
def test_what_is_no_pack_is_said_to_be_none(junk: bytes) -> None:
    found = verify(junk)
    assert found.manifest is None
    assert len(found.faults) == 1


def test_a_bomb_is_not_unpacked() -> None:
    into = io.BytesIO()
    with zipfile.ZipFile(into, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr(MANIFEST, b"0" * (80 * 1024 * 1024))
    assert "unpacks to more" in verify(into.getvalue()).faults[0]


def test_neither_are_too_many_files() -> None:
    many = rewritten(packed(), lambda files: files.update({f"{n}.txt": b"" for n in range(MOST_FILES)}))
    assert "unpacks to more" in verify(many).faults[0]


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_file_that_is_in_it_twice_is_not_chosen_from() -> None:
    into = io.BytesIO(packed())
    with zipfile.ZipFile(into, "a") as made:
        made.writestr(PARTS + "lead.json", b"{}")
    assert verify(into.getvalue()).faults == ("a file is in it twice",)


def test_a_format_of_a_later_release_is_not_guessed_at() -> None:
    later = rewritten(
        packed(), lambda files: files.update({MANIFEST: files[MANIFEST].replace(b"evidence/1", b"evidence/9")})
    )
    assert "this release reads" in verify(later).faults[0]
