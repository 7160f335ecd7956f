"""E-mail addresses: canonical form, domains that cannot exist, throw-away providers, likely misspellings."""

from __future__ import annotations

import re
from collections.abc import Callable, Set
from functools import lru_cache

from email_validator import EmailNotValidError, validate_email
from rapidfuzz.distance import OSA

from services.validation.verdict import Finding, Reading
from shared.verdict import Check

_READABLE, _DOMAIN, _DISPOSABLE, _SPELLING, _TEST = (
    "email.readable",
    "email.domain_possible",
    "email.disposable",
    "email.domain_spelling",
    "email.made_up",
)
_EXPECTED = "Expected an e-mail address such as name@provider.com."
_EXPECTED_DOMAIN = "Expected an e-mail address whose domain can exist."
_EXPECTED_LASTING = "Expected a lasting e-mail address, not one of a throw-away provider."
_EXPECTED_OWN = "Expected the consumer's own e-mail address: this one is a placeholder."

#: What email-validator says yes to without changing a letter of the local part; a test holds the two together.
_PLAIN = re.compile(
    r"(?P<local>[A-Za-z0-9_]+(?:[.+_-][A-Za-z0-9_]+)*)@(?P<domain>(?:[A-Za-z0-9](?:[A-Za-z0-9]{0,30}|[A-Za-z0-9-]{1,20}[A-Za-z0-9])\.){1,4}[A-Za-z]{2,18})"
)
#: Top-level domains that nobody can have: special use (RFC 2606, RFC 6761, RFC 7686, RFC 8375).
_SPECIAL_USE = frozenset({"arpa", "invalid", "local", "localhost", "onion", "test"})
#: Endings that people type for .com, .net and .org and that IANA has never delegated.
_IMPOSSIBLE = {
    ending: right
    for right, endings in {
        "com": "con cmo ocm comm coom cpm clm vom xom cim ccom comn coml cok comcom",
        "net": "ner nte nett ent ney",
        "org": "ogr rog orgg",
    }.items()
    for ending in endings.split()
}
#: Providers that people mean. Short names are left out of the spelling check: their neighbours are real providers.
_PROVIDERS = (
    "gmail.com", "yahoo.com", "hotmail.com", "outlook.com", "icloud.com", "comcast.net", "verizon.net",
    "sbcglobal.net", "bellsouth.net", "rocketmail.com", "optonline.net", "protonmail.com", "earthlink.net",
)  # fmt: skip
_SHORT_PROVIDERS = (
    "aol.com",
    "att.net",
    "msn.com",
    "live.com",
    "cox.net",
    "mac.com",
    "me.com",
    "ymail.com",
    "charter.net",
)
#: Real providers one letter from a bigger one.
_REAL_NEIGHBOURS = frozenset(
    {"mail.com", "email.com", "gmx.com", "ymail.com", "hotmail.co", "yahoo.co", "fmail.com", "hmail.com", "zmail.com",
     "outlook.co", "gmail.co", "yahoo.ca", "yahoo.in", "yahoo.de", "yahoo.fr", "yahoo.es", "yahoo.it"}
)  # fmt: skip
#: On the list of throw-away domains by mistake: sells mail addresses to people of that name.
_FAMILY = frozenset({"smith.com"})
_TEST_LOCALS = frozenset(
    {"test", "testing", "test1", "test12", "test123", "test1234", "testtest", "testemail", "testuser", "testlead"}
)
_EMPTY_WORDS = frozenset(
    """none noemail nomail noreply na no nothing nobody fake fakeemail asdf asd asdfasdf asdasd qwerty qwe abc xyz aaa
    xxx test a x email user foo""".split()
)


def email_reader(throwaway: Set[str]) -> Callable[[str], Reading]:
    """A reader of e-mail fields that knows the throw-away domains."""
    judge = lru_cache(maxsize=16384)(lambda domain: _judge_domain(domain, throwaway))

    def read_email(text: str) -> Reading:
        parts = _split(_unwrapped(text))
        if parts is None:
            return _failed(None, (), _READABLE, "email_invalid", _EXPECTED)
        local, domain = parts
        readable = Check(_READABLE, True, "email", f"{local[0]}***@{domain}", "local@domain")
        if _is_placeholder(local.lower(), domain):
            return _failed(f"{local}@{domain}", (readable,), _TEST, "test_data", _EXPECTED_OWN)
        reading: Reading = judge(domain)
        value = f"{local}@{domain}" if reading.value is not None else None
        return Reading(value, (readable, *reading.checks), reading.findings)

    return read_email


def _unwrapped(text: str) -> str:
    """The address out of what people paste around it: `mailto:`, angle brackets, a full stop, spaces at the @."""
    if text.endswith(">") and "<" in text:
        text = text[text.rindex("<") + 1 : -1]
    text = text.strip(" \t\"',;<>()").rstrip(".")
    if text[:7].lower() == "mailto:":
        text = text[7:]
    if " " in text:
        text = text.replace(" @", "@").replace("@ ", "@").replace(" .", ".").strip()
    return text


def _split(address: str) -> tuple[str, str] | None:
    """Local part and domain in ASCII and lower case; None: no address."""
    plain = _PLAIN.fullmatch(address)
    if plain is not None and len(plain["local"]) <= 64:
        domain = plain["domain"].lower()
        # Two hyphens in places three and four announce punycode, which has rules of its own.
        if domain.rpartition(".")[2] not in _SPECIAL_USE and "--" not in domain:
            return plain["local"], domain
    try:
        valid = validate_email(address, check_deliverability=False)
    except EmailNotValidError:
        return None
    # RFC 5321, 4.5.3.1.1: at most 64 octets, which the library leaves to others.
    if len(valid.local_part.encode()) > 64:
        return None
    # The library's types are loose: the ASCII domain is always set on success.
    return valid.local_part, str(valid.ascii_domain).lower()


def _judge_domain(domain: str, throwaway: Set[str]) -> Reading:
    name, _, ending = domain.rpartition(".")
    right = _IMPOSSIBLE.get(ending)
    if right is not None or len(ending) < 2:
        finding = Finding("email_invalid", "email", _EXPECTED_DOMAIN, f"{name}.{right}" if right else "")
        return Reading(None, (Check(_DOMAIN, False, "email", domain, _EXPECTED_DOMAIN, finding.reason),), (finding,))
    checks = [Check(_DOMAIN, True, "email", "possible", "a domain that can exist")]
    meant = likely_domain(domain)
    if meant:
        checks.append(Check(_SPELLING, True, "email", f"{domain}, perhaps misspelt", meant))
    # The list also holds misspelt providers, which are traps for careless senders, not choices of consumers.
    if not meant and domain not in _FAMILY and _is_throwaway(domain, throwaway):
        return _failed(domain, tuple(checks), _DISPOSABLE, "email_disposable", _EXPECTED_LASTING)
    checks.append(Check(_DISPOSABLE, True, "email", "not listed", "a lasting provider"))
    return Reading(domain, tuple(checks))


def likely_domain(domain: str) -> str:
    """The provider that was probably meant, where there is exactly one; a suggestion, never a correction."""
    if domain in _PROVIDERS or domain in _SHORT_PROVIDERS or domain in _REAL_NEIGHBOURS:
        return ""
    near = [known for known in _PROVIDERS if OSA.distance(domain, known, score_cutoff=1) <= 1]
    return near[0] if len(near) == 1 else ""


def _is_throwaway(domain: str, throwaway: Set[str]) -> bool:
    while "." in domain:
        if domain in throwaway:
            return True
        domain = domain.partition(".")[2]
    return False


def _is_placeholder(local: str, domain: str) -> bool:
    """`test@…`, or `none@none.com`: both halves say nothing. A strange half alone is somebody's address."""
    if local.partition("+")[0] in _TEST_LOCALS:
        return True
    label = domain.partition(".")[0]
    return local in _EMPTY_WORDS and label in _EMPTY_WORDS


def _failed(
    value: str | None,
    checks: tuple[Check, ...],
    rule: str,
    reason: str,
    message: str,
) -> Reading:
    observed = "" if value is not None else "unreadable"
    check = Check(rule, False, "email", observed, message, reason)
    return Reading(value, (*checks, check), (Finding(reason, "email", message),))
