"""E-mail addresses: canonical form, domains that cannot exist, throw-away providers, misspellings, placeholders."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

from services.validation.fieldtypes.mailbox import DOT_IN_DOMAIN, REAL_DOMAIN, Mailbox, read_mailbox
from services.validation.fieldtypes.misspelt import meant_domain
from services.validation.fieldtypes.placeholder import is_keeper, is_made_up_domain, is_placeholder, is_role, is_unread
from services.validation.lists.reference import Reference
from services.validation.verdict import NO_PARTS, Finding, Reading
from shared.verdict import Check

_READABLE, _DOMAIN, _DISPOSABLE, _SPELLING, _MADE_UP, _UNREAD = (
    "email.readable",
    "email.domain_possible",
    "email.disposable",
    "email.domain_spelling",
    "email.made_up",
    "email.unread",
)
_EXPECTED_SPELLING = "Expected an e-mail address at the provider's own domain: this one looks misspelt."
_EXPECTED_LASTING = "Expected a lasting e-mail address, not one of a throw-away provider."
_EXPECTED_OWN = "Expected the consumer's own e-mail address: this one is a placeholder."
_EXPECTED_READ = "Expected the consumer's own e-mail address: nobody reads what is sent to this one."

FREE, DISPOSABLE, RELAY, OTHER = "free", "disposable", "relay", "other"
#: Forward to a mailbox that the consumer does read; some lists of throw-away domains take them for such.
_RELAYS = frozenset(
    """privaterelay.appleid.com icloud.relay duck.com mozmail.com relay.firefox.com simplelogin.com simplelogin.co
    simplelogin.io simplelogin.fr aleeas.com slmail.me slmails.com 8alias.com 8shield.net dralias.com silomails.com
    anonaddy.com anonaddy.me addy.io addymail.com passmail.net passmail.com passinbox.com passfwd.com erine.email
    sale.craigslist.org reply.craigslist.org hous.craigslist.org""".split()
)
#: Providers that lists of free mail leave out.
_ALSO_FREE = frozenset(
    """hey.com tutanota.com tuta.com tuta.io tutamail.com proton.me pm.me protonmail.com skiff.com fastmail.com
    mailbox.org posteo.de zoho.com zohomail.com me.com mac.com icloud.com ymail.com rocketmail.com comcast.net
    verizon.net att.net sbcglobal.net bellsouth.net cox.net charter.net spectrum.net earthlink.net frontier.com
    centurylink.net q.com windstream.net optonline.net roadrunner.com rr.com""".split()
)
#: On lists of throw-away domains by mistake: one sells addresses to people of that name, one is a lasting provider.
_LASTING = frozenset({"smith.com", "lavabit.com"})
#: Throw-away providers that the list leaves out.
_ALSO_THROWAWAY = frozenset({"tempmail.com", "throwaway.email"})
#: One-letter domains below these were never given out, but for these few (IANA, 1993).
_NO_ONE_LETTER = frozenset({"com", "net", "org"})
_ONE_LETTER = frozenset({"q.com", "x.com", "z.com", "i.net", "q.net", "x.org", "w.org"})


# The hot path: once a lead. This skips the frame of the named tuple's own constructor.
_new = tuple.__new__


class _Domain(NamedTuple):
    """What is known of a domain, whoever has a mailbox there."""

    #: The passed checks, in order.
    checks: tuple[Check, ...]
    provider: str
    #: The failed check, if one failed.
    failed: Check | None = None
    suggestion: str = ""
    #: Whatever stands before it is nobody's address.
    made_up: bool = False


class EmailReader:
    """Reads the e-mail fields of one name."""

    def __init__(self, reference: Reference, field: str = "email") -> None:
        self._field = field
        self._reference = reference
        self._domain = lru_cache(maxsize=16384)(self._judge_domain)

    def __call__(self, text: str) -> Reading:
        """The address in lower case, its domain in ASCII. A tag (`+leads`) stays: mail to it arrives."""
        mailbox = read_mailbox(text)
        if mailbox.fault:
            return self._unreadable(mailbox)
        local, domain, _ = mailbox
        known = self._domain(domain)
        address = f"{local}@{domain}"
        # One letter and a domain tell nobody; the local part itself stays out of every receipt.
        readable = _new(Check, (_READABLE, True, self._field, f"{local[0]}***@{domain}", "local@domain", "", ""))
        parts = _parts(mailbox, known.provider)
        if known.made_up or is_placeholder(local, domain):
            return self._failed(address, (readable,), parts, _MADE_UP, "test_data", _EXPECTED_OWN)
        if known.failed is not None:
            value = address if known.failed.rule == _DISPOSABLE else None
            finding = Finding(known.failed.reason, self._field, known.failed.expected, known.suggestion)
            meant = f"{local}@{known.suggestion}" if known.suggestion else ""
            return Reading(value, (readable, *known.checks, known.failed), (finding,), parts, meant)
        if is_unread(local) or (known.provider == FREE and is_keeper(local)):
            return self._failed(address, (readable, *known.checks), parts, _UNREAD, "email_invalid", _EXPECTED_READ)
        meant = f"{local}@{known.suggestion}" if known.suggestion else ""
        return Reading(address, (readable, *known.checks), (), parts, meant)

    def _judge_domain(self, domain: str) -> _Domain:
        reference, field = self._reference, self._field
        if is_made_up_domain(domain):
            return _Domain((), OTHER, made_up=True)
        provider = self._provider(domain)
        meant = meant_domain(domain, reference.top_level_domains, reference.free_mail_domains)
        exists = _can_exist(domain, reference)
        # Throw-away providers like names that look like others': those on the list are told as what they are.
        misspelt = (
            meant.sure
            and meant.domain
            and provider != RELAY
            and not (provider == DISPOSABLE and _differ(meant.domain, domain))
        )
        if not exists or misspelt:
            message = _EXPECTED_SPELLING if exists else REAL_DOMAIN
            rule = _SPELLING if exists else _DOMAIN
            passed = (self._passed(_DOMAIN, "possible", "a domain that can exist"),) if exists else ()
            failed = Check(rule, False, field, domain, message, "email_invalid")
            return _Domain(passed, provider, failed, meant.domain)
        checks = [self._passed(_DOMAIN, "possible", "a domain that can exist")]
        if meant.domain:
            checks.append(self._passed(_SPELLING, f"{domain}, perhaps misspelt", meant.domain))
        if provider == DISPOSABLE:
            failed = Check(_DISPOSABLE, False, field, domain, _EXPECTED_LASTING, "email_disposable")
            return _Domain(tuple(checks), provider, failed, meant.domain)
        checks.append(self._passed(_DISPOSABLE, "not listed", "a lasting provider"))
        return _Domain(tuple(checks), provider, None, meant.domain)

    def _provider(self, domain: str) -> str:
        if domain in _RELAYS or domain.endswith(tuple("." + relay for relay in _RELAYS)):
            return RELAY
        if domain in _ALSO_FREE or domain in self._reference.free_mail_domains:
            # What a list of ordinary providers names is no throw-away unless the other list is sure of it.
            return DISPOSABLE if domain not in _ALSO_FREE and self._is_throwaway(domain) else FREE
        return DISPOSABLE if self._is_throwaway(domain) else OTHER

    def _is_throwaway(self, domain: str) -> bool:
        if domain in _LASTING:
            return False
        while "." in domain:
            if domain in _ALSO_THROWAWAY or domain in self._reference.throwaway_domains:
                return True
            domain = domain.partition(".")[2]
        return False

    def _passed(self, rule: str, observed: str, expected: str) -> Check:
        return Check(rule, True, self._field, observed, expected)

    def _failed(
        self, address: str, checks: tuple[Check, ...], parts: Mapping[str, str], rule: str, reason: str, message: str
    ) -> Reading:
        check = Check(rule, False, self._field, "", message, reason)
        return Reading(address, (*checks, check), (Finding(reason, self._field, message),), parts)

    def _unreadable(self, mailbox: Mailbox) -> Reading:
        """What was wrong with the writing; a provider that was meant is told to the seller, an address to who asks."""
        domain = mailbox.domain
        if mailbox.fault == DOT_IN_DOMAIN and domain:
            domain = meant_domain(f"{domain}.", frozenset(), frozenset()).domain
        elif domain:
            known = self._domain(domain)
            domain = known.suggestion or ("" if known.failed is not None else domain)
        check = Check(_READABLE, False, self._field, "unreadable", mailbox.fault, "email_invalid")
        finding = Finding("email_invalid", self._field, mailbox.fault, domain)
        meant = f"{mailbox.local}@{domain}" if mailbox.local and domain else ""
        return Reading(None, (check,), (finding,), NO_PARTS, meant)


def _can_exist(domain: str, reference: Reference) -> bool:
    name, _, ending = domain.rpartition(".")
    # `.example` (RFC 2606) is for documentation, ours too: no form ever sees it, and our printed examples buy.
    if ending not in reference.top_level_domains and ending != "example":
        return False
    return not (len(name) == 1 and ending in _NO_ONE_LETTER and domain not in _ONE_LETTER)


def _differ(one: str, other: str) -> bool:
    return one.rpartition(".")[2] != other.rpartition(".")[2]


def _parts(mailbox: Mailbox, provider: str) -> dict[str, str]:
    base, _, tag = mailbox.local.partition("+")
    domain = mailbox.domain
    return {
        "local": base,
        "tag": tag,
        "domain": domain,
        "tld": domain.rpartition(".")[2],
        "provider": provider,
        "role": "true" if is_role(base) else "false",
    }
