"""What the catalog's reference shows is a catalog: every example, put into an order, is without fault."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from services.intake.catalog.document import read_document

ROOT = Path(__file__).parents[2]
EXAMPLES = re.findall(r"```yaml\n(.*?)```", (ROOT / "shared" / "catalog" / "README.md").read_text(), re.DOTALL)
CATALOG = (ROOT / "tests" / "big_bank.yaml").read_text()


def catalog_with(words: dict[str, Any]) -> str:
    """The tests' catalog with these words in an order, or of the whole."""
    catalog = yaml.load(CATALOG, yaml.BaseLoader)
    if "sources" in words:
        sites = {source["site"] for source in words["sources"]}
        catalog["sources"] = [s for s in catalog["sources"] if s["site"] not in sites] + words.pop("sources")
    for section in ("teams", "templates", "playbooks", "receivers"):
        catalog[section] = [*catalog.get(section, []), *words.pop(section, [])]
    if "deliver_to" in words:
        words["follow_up"] = catalog["orders"][0]["follow_up"] | {"deliver_to": words.pop("deliver_to")}
    order = catalog["orders"][0] | words
    catalog["orders"] = [order, *catalog["orders"][1:]]
    return yaml.dump(catalog, default_style='"', sort_keys=False)


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_is_without_fault(example: str) -> None:
    assert read_document(catalog_with(yaml.load(example, yaml.BaseLoader))).faults == ()


def test_every_expression_in_the_tables_is_a_rule() -> None:
    text = (ROOT / "shared" / "catalog" / "README.md").read_text()
    rules = [code for code in re.findall(r"`([^`\n]+)`", text) if re.search(r"lead\.\w+.*[<>=(!]|!lead", code)]
    assert len(rules) >= 6
    for number, rule in enumerate(rules):
        held = {"name": f"r{number}", "holds": rule.replace("&& …", "&& true"), "message": "m"}
        assert read_document(catalog_with({"rules": [held]})).faults == (), rule
