"""What templates and playbooks must satisfy. Pure."""

from __future__ import annotations

import string
from collections.abc import Iterator
from typing import Final

from services.intake.catalog.draft import Draft, Finding, repeated, unknown_name
from services.intake.catalog.reading import Path, did_you_mean
from shared.catalog.following import Condition, Playbook, Step, Template, delay_seconds
from shared.catalog.markup import faults
from shared.catalog.promotion import promotional_words

_PLACEHOLDERS: Final = frozenset({"first_name", "offer", "buyer", "product"})
#: Three parts of a long text message (GSM 03.40), with room for the offer and the names.
_LONGEST_TEXT_MESSAGE: Final = 300
_MOST_STEPS: Final = 40
_LONGEST_DELAY: Final = 90 * 86_400
#: What each channel needs, and what means nothing to it.
_NEEDS: Final = {"email": "template", "text": "template", "deliver": "receiver"}
_WORDS: Final = {"template": ("email", "text"), "receiver": ("deliver",), "team": ("call",)}


def check_playbooks(draft: Draft) -> Iterator[Finding]:
    """Every template and playbook that could be read."""
    for index, template in draft.templates.items():
        yield from _template(template, ("templates", index))
    for index, playbook in draft.playbooks.items():
        yield from _playbook(draft, playbook, ("playbooks", index))
    for index, order in draft.orders.items():
        if order.follow_up.contact.automatic_texts and draft.buyer is not None and not draft.buyer.text_from:
            place = ("orders", index, "follow_up", "contact", "automatic_texts")
            yield place, "the buyer has no `text_from`, the number that texts are sent from"


def _template(template: Template, path: Path) -> Iterator[Finding]:
    for word in ("subject", "text", "html"):
        yield from _placeholders(getattr(template, word), (*path, word))
    if "\n" in template.subject.strip():
        yield (*path, "subject"), "a subject is one line"
    for line, fault in faults(template.html):
        yield (*path, "html"), f"line {line}: {fault}"


def _placeholders(text: str, path: Path) -> Iterator[Finding]:
    try:
        names = [name for _, name, *_ in string.Formatter().parse(text) if name is not None]
    except ValueError:
        yield path, "a brace stands alone; write `{{` or `}}` for a brace of the text"
        return
    for name in names:
        if name not in _PLACEHOLDERS:
            known = ", ".join(f"{{{known}}}" for known in sorted(_PLACEHOLDERS))
            yield path, f"unknown placeholder `{{{name}}}`{did_you_mean(name, _PLACEHOLDERS)}; known: {known}"


def _playbook(draft: Draft, playbook: Playbook, path: Path) -> Iterator[Finding]:
    steps = (*path, "steps")
    if not 1 <= len(playbook.steps) <= _MOST_STEPS:
        yield steps, f"expected 1 to {_MOST_STEPS} steps; {len(playbook.steps)} are given"
    yield from _names(playbook, steps)
    yield from repeated(playbook.stop, (*path, "stop"))
    if playbook.steps and playbook.steps[0].since == "previous":
        yield (*steps, 0, "since"), "no step comes before the first; count from `bought`"
    for index, step in enumerate(playbook.steps):
        place = (*steps, index)
        yield from _words(step, place)
        yield from _references(draft, step, place)
        yield from _reach(playbook, step.when, (*place, "when"))
        if delay_seconds(step.after) > _LONGEST_DELAY:
            yield (*place, "after"), "expected at most 90d"


def _names(playbook: Playbook, path: Path) -> Iterator[Finding]:
    first: dict[str, int] = {}
    for index, step in enumerate(playbook.steps):
        if step.name in first:
            yield (*path, index, "name"), f"`{step.name}` is already the name of step {first[step.name] + 1}"
        first.setdefault(step.name, index)


def _words(step: Step, path: Path) -> Iterator[Finding]:
    needed = _NEEDS.get(step.channel)
    if needed is not None and getattr(step, needed) is None:
        yield path, f"`{needed}` is missing: a step by `{step.channel}` needs one"
    for word, channels in _WORDS.items():
        if getattr(step, word) is not None and step.channel not in channels:
            yield (*path, word), f"means nothing to a step by `{step.channel}`; leave it out"


def _references(draft: Draft, step: Step, path: Path) -> Iterator[Finding]:
    if step.team is not None:
        yield from unknown_name(draft, "teams", step.team, (*path, "team"))
    if step.receiver is not None:
        yield from unknown_name(draft, "receivers", step.receiver, (*path, "receiver"))
    if step.template is None:
        return
    yield from unknown_name(draft, "templates", step.template, (*path, "template"))
    template = draft.template(step.template)
    if template is None:
        return
    place = (*path, "template")
    if step.channel == "email" and not template.subject.strip():
        yield place, f"template `{template.slug}` has no subject, which an e-mail needs"
    if step.channel == "email" and template.promotional and step.confirms:
        yield place, f"template `{template.slug}` is promotional, and what is sent at once is a confirmation"
    if step.confirms and (words := promotional_words(f"{template.subject}\n{template.text}\n{template.html}")):
        yield place, f"template `{template.slug}` says `{words[0]}`: a confirmation carries no promotion"
    if step.channel == "text":
        if template.subject or template.html:
            yield place, f"template `{template.slug}` is an e-mail's: a text has neither subject nor html"
        if len(template.text) > _LONGEST_TEXT_MESSAGE:
            yield place, f"template `{template.slug}` has {len(template.text)} characters; a text at most 300"


def _reach(playbook: Playbook, when: Condition, path: Path) -> Iterator[Finding]:
    """Conditions under which the run has stopped before."""
    yield from repeated(when.dispositions, (*path, "dispositions"))
    if when.answered and "contacted" in playbook.stops:
        yield (*path, "answered"), "never reached: the playbook stops once somebody is `contacted`"
    for index, disposition in enumerate(when.dispositions):
        if disposition in playbook.stops:
            yield (*path, "dispositions", index), f"never reached: the playbook stops at `{disposition}`"
