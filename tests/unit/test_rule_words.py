"""Every rule that a receipt can hold is a question in words, and every list that it names is one."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from services.validation.lists.consulted import CONSULTED
from shared.rule_words import WORDS, words
from tests.unit.validation.terms import reference

ROOT = Path(__file__).resolve().parents[2]
_RULE = re.compile(r"(?!count\.lua)[a-z_]+\.[a-z_0-9]+")
#: Files that say what rules said, and are none.
_ROOMS = ("validation/fieldtypes", "validation/bots", "validation/consent", "validation/orders", "validation/velocity")


def rules() -> Iterator[str]:
    """Names of rules: what is handed on as the first argument, as text or by the name of a constant."""
    files = [path for room in _ROOMS for path in (ROOT / "services" / room).glob("*.py")]
    files += [ROOT / "services" / name for name in ("validation/rules.py", "routing/matching.py")]
    for path in files:
        tree = ast.parse(path.read_text())
        constants = dict(_constants(tree))
        for node in ast.walk(tree):
            arguments = node.args[:2] if isinstance(node, ast.Call) else []
            for argument in arguments:
                text = argument.value if isinstance(argument, ast.Constant) else None
                text = constants.get(argument.id) if isinstance(argument, ast.Name) else text
                if isinstance(text, str) and _RULE.fullmatch(text):
                    yield text


def _constants(tree: ast.Module) -> Iterator[tuple[str, str]]:
    for node in tree.body:
        if not isinstance(node, ast.Assign):
            continue
        for target in node.targets:
            names = target.elts if isinstance(target, ast.Tuple) else [target]
            values = node.value.elts if isinstance(node.value, ast.Tuple) else [node.value]
            for name, value in zip(names, values, strict=False):
                if isinstance(name, ast.Name) and isinstance(value, ast.Constant) and isinstance(value.value, str):
                    yield name.id, value.value


def test_every_rule_is_a_question_in_words() -> None:
    found = set(rules())
    assert len(found) > 40
    # Paths of a lead, such as `consent.text`, look alike.
    places = {
        f"consent.{name}" for name in ("captured_at", "text", "page_url", "shown_at", "certificate", "ip", "phone")
    }
    unknown = {rule for rule in found - places if words(rule) == rule and not rule.startswith("signals.")}
    assert unknown == set()


def test_every_list_that_a_rule_consults_is_known_and_versioned() -> None:
    assert set(CONSULTED.values()) <= set(reference().versions)
    assert set(CONSULTED) <= set(WORDS)
