"""The archive in which evidence is handed over: a ZIP whose manifest names every part, chained and signed.

    README.txt      how to check it with and without Leadline
    manifest.json   what it is about, and each part with its size, its SHA-256 and its place in the chain
    manifest.sig    Ed25519 (RFC 8032) over the bytes of manifest.json, 64 bytes
    parts/…         the evidence itself

The same parts at the same instant give the same bytes.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from shared.evidence.chain import NO_HASH, part_hash

FORMAT = "leadline-evidence/1"
MANIFEST, SIGNATURE, README = "manifest.json", "manifest.sig", "README.txt"
PARTS = "parts/"
#: The earliest that a ZIP can say; the real time is in the manifest.
_NO_TIME = (1980, 1, 1, 0, 0, 0)

_README = """\
Evidence of one lead, packed by Leadline.

manifest.json names every file under parts/ with its SHA-256. `chain` of a part is the SHA-256 of the chain value
before it (32 zero bytes before the first), the part's name, a line feed, and the part's SHA-256: no part can be
changed, left out, added or moved without breaking it. manifest.sig is the Ed25519 signature (RFC 8032) of the bytes
of manifest.json by the key that manifest.json names; ask the buyer for that key by another way than this file.

With Leadline:     leadline verify FILE --key KEY
Without, OpenSSL:  openssl pkeyutl -verify -pubin -inkey key.pem -rawin -in manifest.json -sigfile manifest.sig
"""


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """One part, as the manifest names it."""

    name: str
    size: int
    sha256: str
    chain: str


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What a pack is about."""

    format: str
    buyer_id: str
    lead_id: str
    #: RFC 3339, UTC.
    made_at: str
    asked_by: str
    why: str
    #: The signer's public key, 32 bytes in hex.
    key: str
    parts: tuple[Part, ...]


def public_key(key: Ed25519PrivateKey) -> str:
    """The public half, 32 bytes in hex."""
    return key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw).hex()


def pack(
    parts: Mapping[str, bytes],
    *,
    buyer_id: str,
    lead_id: str,
    asked_by: str,
    why: str,
    made_at: datetime,
    key: Ed25519PrivateKey,
) -> bytes:
    """The archive. `parts`: content by name, in the order in which they are chained; `made_at`: in UTC."""
    named, chain = [], NO_HASH
    for name, content in parts.items():
        digest = sha256(content).digest()
        chain = part_hash(chain, name=name, digest=digest)
        named.append(Part(name=name, size=len(content), sha256=digest.hex(), chain=chain.hex()))
    manifest = Manifest(
        format=FORMAT,
        buyer_id=buyer_id,
        lead_id=lead_id,
        made_at=made_at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        asked_by=asked_by,
        why=why,
        key=public_key(key),
        parts=tuple(named),
    )
    head = msgspec.json.format(msgspec.json.encode(manifest), indent=2)
    files = {README: _README.encode(), MANIFEST: head, SIGNATURE: key.sign(head)}
    files |= {PARTS + name: content for name, content in parts.items()}
    into = io.BytesIO()
    with zipfile.ZipFile(into, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            member = zipfile.ZipInfo(name, _NO_TIME)
            member.compress_type = zipfile.ZIP_DEFLATED
            member.external_attr = 0o644 << 16
            archive.writestr(member, content)
    return into.getvalue()
