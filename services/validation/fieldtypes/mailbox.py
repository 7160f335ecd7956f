"""An e-mail address as people and systems write it: local part and domain, out of what stands around them.

Judges the writing alone; whether there can be such a mailbox is for others to say.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from email_validator import EmailNotValidError, validate_email

READABLE = "Expected an e-mail address such as name@provider.com."
ONE_ADDRESS = "Expected one e-mail address: this field holds two."
WITH_AT = "Expected an e-mail address with an @ between name and provider."
REAL_DOMAIN = "Expected an e-mail address whose domain can exist."
DOT_IN_DOMAIN = "Expected a provider with a dot, such as gmail.com."


class Mailbox(NamedTuple):
    """One address, in lower case: no provider tells capitals apart, and nobody types them twice alike."""

    local: str
    #: ASCII: an international domain is in its IDNA form.
    domain: str = ""
    #: Why the text cannot be taken for an address; the halves are then what was probably meant, or empty.
    fault: str = ""


#: What email-validator says yes to without changing a letter of the local part; a test holds the two together.
_PLAIN = re.compile(
    r"(?P<local>[A-Za-z0-9_]+(?:[.+_-][A-Za-z0-9_]+)*)@(?P<domain>(?:[A-Za-z0-9](?:[A-Za-z0-9]{0,30}|[A-Za-z0-9-]{1,20}[A-Za-z0-9])\.){1,4}[A-Za-z]{2,18})"
)
#: Top-level domains that nobody can have: special use (RFC 2606, RFC 6761, RFC 7686, RFC 8375).
_SPECIAL_USE = frozenset({"arpa", "invalid", "local", "localhost", "onion", "test"})
#: RFC 5321, 4.5.3.1.1: octets of a local part.
_LONGEST_LOCAL = 64
_LONGEST = 320

_QUOTES = frozenset("'\"`")
_LABEL = re.compile(r"^(?:e-?mail(?: address)?|correo|mail|my email(?: is)?)\s*[:=-]\s*", re.IGNORECASE)
_QUERY = re.compile(r"[?&](?:subject|body|cc|bcc)=.*$", re.IGNORECASE)
_COMMENT = re.compile(r"\s*\((?!at\)|dot\))[^()@]*\)\s*", re.IGNORECASE)
_WORDS = re.compile(r"\s*[\[({<]?\s*\b(at|dot)\b\s*[\])}>]?\s*", re.IGNORECASE)
_ADDRESS = re.compile(r"[^\s@<>,;/|()]+@[^\s@<>,;/|()]+\.[A-Za-z]{2,18}(?![\w.-]*@)")
_WIDE = str.maketrans({"＠": "@", "．": ".", "。": ".", "，": ",", "﹫": "@", "’": "'", "‘": "'"})


def read_mailbox(text: str) -> Mailbox:
    """Reads tidied text. Never raises."""
    # A quotation mark or apostrophe in front is a spreadsheet's, though the standard allows for one.
    mailbox = _split(text) if text[:1] not in _QUOTES else None
    if mailbox is not None:
        return mailbox
    if len(text) > _LONGEST:
        return Mailbox("", fault=READABLE)
    text = _unwrapped(text.translate(_WIDE))
    return _split(text) or _fault(text)


def _split(address: str) -> Mailbox | None:
    """Local part and domain; None: no address."""
    plain = _PLAIN.fullmatch(address)
    if plain is not None and len(plain["local"]) <= _LONGEST_LOCAL:
        domain = plain["domain"].lower()
        # Two hyphens in places three and four announce punycode, which has rules of its own.
        if domain.rpartition(".")[2] not in _SPECIAL_USE and "--" not in domain:
            return Mailbox(plain["local"].lower(), domain)
    if address.count("@") != 1 or " " in address:
        return None
    try:
        valid = validate_email(address, check_deliverability=False)
        local = valid.local_part.lower()
        # Small letters may be another text to the library than capitals: what is read must stay what it is.
        if local != valid.local_part:
            local = validate_email(f"{local}@{valid.ascii_domain}", check_deliverability=False).local_part
    except EmailNotValidError:
        return None
    if len(local.encode()) > _LONGEST_LOCAL or local != local.lower():
        return None
    # The library's types are loose: the ASCII domain is always set on success.
    return Mailbox(local, str(valid.ascii_domain).lower())


def _unwrapped(text: str) -> str:
    """The address out of what people paste around it: `mailto:`, angle brackets, a full stop, spaces at the @."""
    if "<" in text:
        inner = text[text.rindex("<") + 1 :]
        text = inner if "@" in inner else text
    text = _LABEL.sub("", _COMMENT.sub("", text).strip(" \t\"'`,;<>()[]*|"))
    if text[:7].lower() == "mailto:":
        text = _QUERY.sub("", text[7:])
    text = text.strip(" \t\"'`,;:<>()[]*|").rstrip(".!?").replace('"@', "@")
    if " " in text:
        text = re.sub(r"\s*@\s*", "@", text)
        local, at, domain = text.rpartition("@")
        text = local + at + re.sub(r"\s*\.\s*", ".", domain)
    return text


def _fault(text: str) -> Mailbox:
    """What is wrong with the writing, and what was probably meant."""
    addresses = list(dict.fromkeys(found.lower() for found in _ADDRESS.findall(text)))
    if len(addresses) > 1:
        return Mailbox("", fault=ONE_ADDRESS)
    if len(_ADDRESS.findall(text)) > 1:
        return _split(addresses[0]) or Mailbox("", fault=READABLE)
    if "@" not in text:
        return _meant(_WORDS.sub(lambda word: "@" if word[1].lower() == "at" else ".", text), WITH_AT)
    local, _, domain = text.rpartition("@")
    local, domain = local.lower(), domain.lower()
    if not any(mark in domain for mark in ".,;"):
        plain = domain.isalnum() and re.fullmatch(r"[a-z0-9._+-]+", local)
        return Mailbox(local, domain, DOT_IN_DOMAIN) if plain else Mailbox("", fault=DOT_IN_DOMAIN)
    if domain.rpartition(".")[2] in _SPECIAL_USE:
        return Mailbox("", fault=REAL_DOMAIN)
    straight = re.sub(r"(?<=[a-z])\d+$", "", re.sub(r"[.,;]+", ".", domain.replace(" ", "")).strip(".-"))
    return _meant(f"{re.sub(r'[.]+', '.', local.rstrip('@')).strip('.')}@{straight}", READABLE)


def _meant(text: str, fault: str) -> Mailbox:
    meant = _split(text)
    return Mailbox("", fault=fault) if meant is None else meant._replace(fault=fault)
