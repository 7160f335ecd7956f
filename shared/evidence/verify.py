"""Checks a pack of evidence, offline: that nothing in it was changed since it was signed, and by which key.

It is somebody else's file until it is checked, so nothing in it is trusted: sizes are bounded before anything is
unpacked, and nothing is written anywhere.
"""

from __future__ import annotations

import io
import zipfile
from collections import Counter
from dataclasses import dataclass
from datetime import date
from hashlib import sha256

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from shared.evidence.archive import FORMAT, MANIFEST, PARTS, README, SIGNATURE, Manifest
from shared.evidence.chain import NO_HASH, part_hash, record_hash

#: The part that holds the records of the buyer's chain of evidence.
CONSENT = "consent.json"
MOST_BYTES = 64 * 1024 * 1024
MOST_FILES = 200


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """One record of the chain of evidence, as a pack holds it. Hashes in hex."""

    position: int
    kind: str
    record: str
    keep_until: date
    previous_hash: str
    hash: str


class Consent(msgspec.Struct, frozen=True, kw_only=True):
    """What a pack says of the consent."""

    records: tuple[Record, ...]
    #: Texts as presented, by their SHA-256 in hex.
    texts: dict[str, str] = {}


@dataclass(frozen=True, slots=True)
class Verified:
    """What checking a pack found.

    Attributes:
        manifest: What the pack says of itself; None where that cannot be read.
        faults: What does not hold, in words; empty: everything does.
    """

    manifest: Manifest | None
    faults: tuple[str, ...]


def verify(archive: bytes, *, key: str = "") -> Verified:
    """Check a pack.

    `key`: the public key, in hex, that has to have signed it; empty: whichever key it names, so that a pack that
    somebody else signed passes, too. The caller has to say so.
    """
    try:
        files = _files(archive)
        manifest = msgspec.json.decode(files[MANIFEST], type=Manifest)
    except (zipfile.BadZipFile, EOFError, KeyError, NotImplementedError, RuntimeError, ValueError) as error:
        said = str(error) if isinstance(error, _UnreadableError) else "it is no pack of evidence"
        return Verified(None, (said,))
    if manifest.format != FORMAT:
        return Verified(manifest, (f"its format is {manifest.format!r}; this release reads {FORMAT!r}",))
    faults = [*_signature_faults(files, manifest, key), *_part_faults(files, manifest)]
    if not faults:
        faults = _consent_faults(files, manifest)
    return Verified(manifest, tuple(faults))


class _UnreadableError(ValueError):
    """The text says why the file is not looked at."""


def _files(archive: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        members = opened.infolist()
        if len(members) > MOST_FILES or sum(member.file_size for member in members) > MOST_BYTES:
            raise _UnreadableError(f"it unpacks to more than {MOST_FILES} files or {MOST_BYTES // 2**20} MiB")
        twice = [name for name, count in Counter(member.filename for member in members).items() if count > 1]
        if twice:
            raise _UnreadableError("a file is in it twice")
        # Reads no more than the size that was checked; another size is an error of the checksum.
        return {member.filename: opened.read(member) for member in members}


def _signature_faults(files: dict[str, bytes], manifest: Manifest, key: str) -> list[str]:
    if key and manifest.key.lower() != key.strip().lower():
        return [f"it is signed by the key {manifest.key[:64]}, not by the one that was expected"]
    try:
        signer = Ed25519PublicKey.from_public_bytes(bytes.fromhex(manifest.key))
        signer.verify(files.get(SIGNATURE, b""), files[MANIFEST])
    except (InvalidSignature, ValueError):
        return ["the signature is not one of this manifest by the key that it names"]
    return []


def _part_faults(files: dict[str, bytes], manifest: Manifest) -> list[str]:
    faults, chain = [], NO_HASH
    for part in manifest.parts:
        content = files.get(PARTS + part.name)
        if content is None:
            faults.append(f"{part.name} is missing")
            continue
        digest = sha256(content).digest()
        chain = part_hash(chain, name=part.name, digest=digest)
        if digest.hex() != part.sha256 or len(content) != part.size:
            faults.append(f"{part.name} was changed")
        elif chain.hex() != part.chain:
            faults.append(f"{part.name} does not follow the part before it")
        chain = _bytes(part.chain)
    known = {MANIFEST, SIGNATURE, README, *(PARTS + part.name for part in manifest.parts)}
    faults += [f"{name} is not in the manifest" for name in sorted(files.keys() - known)]
    return faults


def _consent_faults(files: dict[str, bytes], manifest: Manifest) -> list[str]:
    content = files.get(PARTS + CONSENT)
    if content is None:
        return []
    try:
        consent = msgspec.json.decode(content, type=Consent)
    except ValueError:
        return [f"{CONSENT} cannot be read"]
    faults = []
    for each in consent.records:
        hashed = record_hash(
            _bytes(each.previous_hash),
            buyer_id=manifest.buyer_id,
            position=each.position,
            lead_id=manifest.lead_id,
            kind=each.kind,
            keep_until=each.keep_until,
            record=each.record,
        )
        if hashed.hex() != each.hash:
            faults.append(f"record {each.position} of the chain of evidence is not what was recorded")
    faults += [
        f"the text {digest[:12]}… is not the one that was presented"
        for digest, text in consent.texts.items()
        if sha256(text.encode()).hexdigest() != digest
    ]
    return faults


def _bytes(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        return b""
