"""Snapshots that an earlier release wrote, in today's words. Pure."""

from __future__ import annotations

from typing import Any

import msgspec


def brought_up_to_date(document: str) -> str:
    """The stored text as this release writes it; most are returned as they are."""
    return _with_steps(document) if '"confirmation_subject"' in document else document


def _with_steps(document: str) -> str:
    """Playbooks once were a confirmation and, unless they said otherwise, a call."""
    catalog = msgspec.json.decode(document)
    templates, playbooks = catalog.get("templates", []), []
    for playbook in catalog.get("playbooks", []):
        if "confirmation_subject" not in playbook:
            playbooks.append(playbook)
            continue
        slug = _template_slug(playbook["slug"])
        subject = " ".join(playbook["confirmation_subject"].split())[:200]
        templates.append({"slug": slug, "subject": subject, "text": playbook["confirmation_text"]})
        steps: list[dict[str, Any]] = [{"name": "confirmation", "channel": "email", "template": slug}]
        if playbook.get("call", True):
            steps.append({"name": "call-1", "channel": "call"})
        playbooks.append({"slug": playbook["slug"], "steps": steps})
    return msgspec.json.encode({**catalog, "templates": templates, "playbooks": playbooks}).decode()


def _template_slug(playbook: str) -> str:
    return f"{playbook[:50].rstrip('-')}-confirmation"
