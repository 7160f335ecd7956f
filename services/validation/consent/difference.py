"""How a consent text differs from an approved one, in words that a person can act on."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

from rapidfuzz.distance import Indel

from services.validation.consent.wording import LABEL, WILDCARD

#: Most words that one wildcard stands for.
MOST_WORDS = 12
#: Of long texts only so much is compared for people.
_COMPARED = 400
_SHOWN_PLACES = 4
_SHOWN_WORDS = 12
#: Two changes with no more than so many equal words between them read better as one.
_BRIDGE = 1
#: Below this likeness the two are different texts, and a list of differences would only be long.
_ALIKE = 40
#: What turns a sentence round. A wildcard that stands for a name cannot stand for one of these.
NEGATIONS = frozenset(
    "not never neither nor don't dont cannot can't cant won't wont without refuse decline disagree".split()
)
_IN_LABELS = frozenset("don't dont can't cant won't wont without".split())
_AGREEING = frozenset("agree consent authorize authorise accept permit allow".split())
_HIDDEN = "…"


class Change(NamedTuple):
    """One place in which two texts differ."""

    #: Words of the approved text that are not there.
    missing: tuple[str, ...]
    #: Words that are there instead, or too much.
    added: tuple[str, ...]


class Difference(NamedTuple):
    """How a text differs from an approved one."""

    #: Likeness of what no wildcard stands for, 0 to 100.
    percent: int
    changes: tuple[Change, ...]

    def told(self, private: Collection[str] = ()) -> str:
        """One line of at most some 700 characters. `private`: words never to be shown, folded."""
        if self.percent < _ALIKE:
            return "another text altogether"
        told = [_told(change, private) for change in self.changes[:_SHOWN_PLACES]]
        if more := len(self.changes) - _SHOWN_PLACES:
            told += [f"and {more} more {'difference' if more == 1 else 'differences'}"] if more > 0 else []
        return "; ".join(told)


def allowed(run: Sequence[str], *, label: bool) -> bool:
    """Whether a wildcard may stand for these words.

    `I, *, agree` is not to approve `I do not agree`. A button's label may well say `Don't wait`, and still not
    `I don't agree`.
    """
    if len(run) > MOST_WORDS:
        return False
    turning = NEGATIONS.intersection(run)
    return not turning or (label and turning <= _IN_LABELS and _AGREEING.isdisjoint(run))


def difference(approved: Sequence[str], text: Sequence[str]) -> Difference:
    """Compare a text with an approved wording, both as words; wildcards of the wording hide what they stand for."""
    approved, text = approved[:_COMPARED], text[:_COMPARED]
    changes, equal, hidden = [], 0, 0
    for left, right, same in _places(approved, text):
        if same:
            equal += len(left)
            continue
        change, run = _change(left, right)
        hidden += run
        if change is not None:
            changes.append(change)
    wild = sum(word in (WILDCARD, LABEL) for word in approved)
    total = len(approved) - wild + len(text) - hidden
    return Difference(int(200 * equal / total) if total > 0 else 100, tuple(changes))


def _places(approved: Sequence[str], text: Sequence[str]) -> Iterable[tuple[tuple[str, ...], tuple[str, ...], bool]]:
    """Runs of both, alternately equal and not."""
    places: list[tuple[list[str], list[str], bool]] = []
    for step in Indel.opcodes(approved, text):
        left = list(approved[step.src_start : step.src_end])
        right, same = list(text[step.dest_start : step.dest_end]), step.tag == "equal"
        if places and not same and not places[-1][2]:
            places[-1][0].extend(left)
            places[-1][1].extend(right)
        else:
            places.append((left, right, same))
    return ((tuple(left), tuple(right), same) for left, right, same in _bridged(places))


def _bridged(places: list[tuple[list[str], list[str], bool]]) -> list[tuple[list[str], list[str], bool]]:
    joined: list[tuple[list[str], list[str], bool]] = []
    for index, (left, right, same) in enumerate(places):
        inside = 0 < index < len(places) - 1
        near = same and inside and len(left) <= _BRIDGE and not _wild(places[index - 1][0] + places[index + 1][0])
        if joined and not joined[-1][2] and (near or not same) and not _wild(joined[-1][0]) and not _wild(left):
            joined[-1][0].extend(left)
            joined[-1][1].extend(right)
        else:
            joined.append((left, right, same))
    return joined


def _change(missing: tuple[str, ...], added: tuple[str, ...]) -> tuple[Change | None, int]:
    """The change, None where a wildcard explains all of it, and how many words the wildcard hides."""
    if "".join(missing).replace("'", "") == "".join(added).replace("'", ""):
        return None, 0
    if not _wild(missing):
        return Change(missing, added), 0
    rest = tuple(word for word in missing if word not in (WILDCARD, LABEL))
    label = LABEL in missing
    if allowed(added, label=label):
        return (Change(rest, ()) if rest else None), len(added)
    # Names stay hidden; what made the run impossible is shown.
    turned = tuple(word for word in added if word in NEGATIONS | _AGREEING)
    return Change(rest, turned or (_HIDDEN, f"({len(added)}", "words)")), len(added) - len(turned)


def _wild(words: Iterable[str]) -> bool:
    return any(word in (WILDCARD, LABEL) for word in words)


def _told(change: Change, private: Collection[str]) -> str:
    missing, added = _quoted(change.missing, ()), _quoted(change.added, private)
    if not change.added:
        return f"missing {missing}"
    return f"instead of {missing}: {added}" if change.missing else f"added {added}"


def _quoted(words: Sequence[str], private: Collection[str]) -> str:
    masked: list[str] = []
    for word in words:
        hide = word in private or sum(map(str.isdigit, word)) > 4 or len(word) > 40
        if not (hide and masked and masked[-1] == _HIDDEN):
            masked.append(_HIDDEN if hide else word)
    if len(masked) > _SHOWN_WORDS:
        half = _SHOWN_WORDS // 2
        masked = [*masked[:half], f"… ({len(masked) - _SHOWN_WORDS} words) …", *masked[-half:]]
    return f'"{" ".join(masked)}"'
