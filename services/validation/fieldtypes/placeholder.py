"""E-mail addresses that stand for no mailbox: placeholders, examples, struck keys, senders that nobody reads."""

from __future__ import annotations

import re

#: Local parts of somebody trying the form.
_TESTS = frozenset("test testing testtest testemail testuser testlead testmail testaccount".split())
#: What people write who do not want to give an address, whatever the provider.
_REFUSALS = frozenset(
    """noemail nomail noemails noemailaddress noemailgiven noemailprovided nonegiven none notgiven notprovided
    donthaveone donthaveemail idonthaveone idonthaveanemail doesnthaveone fakeemail fakemail fakeaddress notreal
    notmyemail null undefined nunya nunyabusiness noneofyourbusiness noneofyourbiz goaway leavemealone stopcalling
    donotcall dontcallme donotemail dontemailme nospam nothanks fuckyou fuckoff biteme eatme suckit youremail yourname
    emailaddress youremailaddress myemail refused declined noone notanemail notarealemail donotcontact dontcontact
    firstlast firstnamelastname namelastname unknown anonymous
    abc123 abc1234""".split()
)
#: Words that say nothing, where the provider says nothing either or cannot have given so short a name.
_EMPTY_WORDS = frozenset(
    """none noemail nomail noreply na no nothing nobody fake fakeemail asdf asd asdfasdf asdasd qwerty qwe abc xyz aaa
    xxx test a b x y z email user foo bar your sample abcd abcdef name first last me you nope hello""".split()
)
#: Words that name nobody where the domain repeats them.
_TWICE = frozenset("admin anonymous customer info mail nospam spam unknown person somebody someone".split())
#: Domains that exist to be written in books and forms (RFC 2606, RFC 6761), and those that everybody makes up.
_EXAMPLES = frozenset({"example.com", "example.net", "example.org", "example.edu"})
_BELOW_EXAMPLES = tuple("." + name for name in sorted(_EXAMPLES))
_MADE_UP_DOMAINS = frozenset(
    f"{name}.{ending}"
    for ending in ("com", "net", "org")
    for name in """test testing testmail noemail nomail none fake fakeemail fakemail asdf asdfasdf noreply yourdomain
    notreal nowhere noname emailaddress youremail donthaveone""".split()
) | {"domain.com", "qwerty.com", "na.com"}
#: Mailboxes that send and are never read (RFC 2142 names the first two).
_UNREAD = re.compile(
    r"(?:no|do|dont|donot|not)[._-]?(?:t[._-]?)?(?:not[._-]?)?reply(?:[._+-].*)?|mailer-daemon|bounces?|devnull"
)
#: Mailboxes of whoever runs the mail (RFC 2142): of a provider's customers, none has one.
_KEEPERS = frozenset({"abuse", "hostmaster", "postmaster"})
#: Mailboxes of a function, not of a person (RFC 2142); of a family or a small firm they are somebody's own.
_ROLES = frozenset(
    """abuse accounting accounts admin administrator billing contact customerservice enquiries enquiry feedback help
    helpdesk hostmaster hr info inquiries jobs mail marketing media news newsletter office orders postmaster press root
    sales security service support team webmaster""".split()
)
_GMAIL = frozenset({"gmail.com", "googlemail.com"})
#: Google gives names of six characters and more.
_SHORTEST_GMAIL = 6
#: Providers whose users are numbers.
_NUMBERED = frozenset({"qq.com", "163.com", "126.com", "vip.qq.com", "139.com", "189.cn", "foxmail.com", "yeah.net"})
_STRUCK = frozenset({"asdf", "zxcv", "hjkl", "lkjh", "qwer", "fdsa"})
_REPEATED = re.compile(r"([a-z])\1{3,}\d{0,4}")
#: Rows of keys in both directions, and the alphabet's beginning.
_ROWS = ("asdfghjkl", "zxcvbnm", "lkjhgfdsa", "mnbvcxz", "abcdefgh")
#: Pieces of the top row are syllables too (Trew, Wert, Tyu): only its beginnings count.
_TOP_ROW = ("qwertyuiop", "poiuytrewq")
_COUNTED = frozenset(
    "0 1 00 11 111 1111 11111 000 0000 123 1234 12345 123456 1234567 12345678 123456789 1234567890".split()
)
#: Names of providers, of which nobody is called.
_PROVIDERS = frozenset({"gmail", "yahoo", "hotmail", "outlook", "aol", "icloud", "email", "mail"})


def is_placeholder(local: str, domain: str) -> bool:
    """An address that no consumer has: `test@…`, also `test123@…` and `testing+7@…`, refusals, struck keys.

    A strange word may be somebody's name, so most words count at some domains only.
    """
    word = local.partition("+")[0].replace(".", "").replace("_", "").replace("-", "")
    letters = word.rstrip("0123456789")
    if letters in _TESTS or word in _REFUSALS or _REPEATED.fullmatch(local):
        return True
    if len(letters) >= 4 and len(word) - len(letters) <= 4 and is_struck(letters):
        return True
    if not letters and word in _COUNTED:
        return domain not in _NUMBERED
    label = domain.partition(".")[0]
    if word == label and (len(label) == 1 or word in _TWICE):
        return True
    if label in _PROVIDERS and (word == label or is_role(word)):
        return True
    return word in _EMPTY_WORDS and (label in _EMPTY_WORDS or (domain in _GMAIL and len(word) < _SHORTEST_GMAIL))


def is_made_up_domain(domain: str) -> bool:
    """A domain that is kept for examples, or that everybody makes up: whatever stands before it is nobody's."""
    return domain in _EXAMPLES or domain in _MADE_UP_DOMAINS or domain.endswith(_BELOW_EXAMPLES)


def is_struck(letters: str) -> bool:
    """Four letters or more that are keys struck in a row: `asdfgh`, `qweasd`, `jkljkl`."""
    return _in_rows(letters) if len(letters) > 4 else letters in _STRUCK


def _in_rows(letters: str) -> bool:
    """Whether letters are pieces of three and more keys of one row, one piece after the other."""
    start = 0
    while start < len(letters):
        end = start + 3
        while end <= len(letters) and _is_piece(letters[start:end]):
            end += 1
        if end == start + 3:
            return False
        start = end - 1
    return True


def _is_piece(keys: str) -> bool:
    return any(keys in row for row in _ROWS) or any(row.startswith(keys) for row in _TOP_ROW)


def is_unread(local: str) -> bool:
    """`noreply@…` and its like: machines send from it, and nobody reads it."""
    return _UNREAD.fullmatch(local) is not None


def is_keeper(local: str) -> bool:
    """`postmaster@…` and its like: at a public provider, the provider's own."""
    return local in _KEEPERS


def is_role(local: str) -> bool:
    """`info@…` and its like."""
    return local in _ROLES
