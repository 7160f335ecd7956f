"""Templates and playbooks in the catalog file: what is wrong is told with its line and field."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from services.intake.catalog.diff import plan
from services.intake.catalog.document import read_document
from services.intake.catalog.draft import Draft
from services.intake.catalog.playbook_checks import check_playbooks
from shared.catalog.following import delay_seconds
from shared.catalog.snapshot import decode, encode

CATALOG = (Path(__file__).parents[1] / "big_bank.yaml").read_text()
DEMO = (Path(__file__).parents[2] / "deploy" / "demo" / "catalog.yaml").read_text()
CALL = "- {name: call-1, channel: call}"
EMAIL = "- {name: confirmation, channel: email, template: exclusive-long-confirmation}"
TEXT = "  - {slug: short, text: hello}\n"
STEP = "playbooks[0].steps[1]"


@pytest.mark.parametrize(
    ("old", "new", "field", "message"),
    [
        (CALL, "- {name: call-1, channel: cal}", f"{STEP}.channel", "did you mean `call`?"),
        (CALL, "- {name: call-1, channel: call, after: soon}", f"{STEP}.after", "such as 45s, 2h or 1d"),
        (CALL, "- {name: call-1, channel: call, after: 91d}", f"{STEP}.after", "at most 90d"),
        (CALL, "- {name: call-1, channel: call, team: digitl}", f"{STEP}.team", "did you mean `digital`?"),
        (CALL, "- {name: call-1, channel: call, template: own-site-confirmation}", f"{STEP}.template", "means nothing"),
        (CALL, "- {name: call-1, channel: email}", STEP, "`template` is missing"),
        (CALL, "- {name: call-1, channel: deliver}", STEP, "`receiver` is missing"),
        (CALL, "- {name: call-1, channel: text, template: own-site-confirmation}", f"{STEP}.template", "an e-mail's"),
        (CALL, "- {name: confirmation, channel: call}", f"{STEP}.name", "name of step 1"),
        (CALL, "- {name: b, channel: email, template: exclusiv-long}", f"{STEP}.template", "there is no template"),
        (CALL, "- {name: b, channel: call, when: {answered: true}}", f"{STEP}.when.answered", "never reached"),
        (
            CALL,
            "- {name: b, channel: call, when: {dispositions: [voicemail, converted]}}",
            f"{STEP}.when.dispositions[1]",
            "never reached",
        ),
        (EMAIL, EMAIL.replace("}", ", since: previous}"), "playbooks[0].steps[0].since", "no step comes before"),
        ("    steps:\n      " + EMAIL + "\n      " + CALL, "    steps: []", "playbooks[0].steps", "1 to 40 steps"),
        (CALL, CALL + "\n    stop: [contacted, contacted]", "playbooks[0].stop[1]", "already in this list"),
        (CALL, CALL + "\n    stop: [bored]", "playbooks[0].stop[0]", "one of"),
        (
            "templates:\n",
            "templates:\n" + TEXT.replace("hello", '"{ofer}"'),
            "templates[0].text",
            "did you mean `offer`?",
        ),
        ("templates:\n", "templates:\n" + TEXT.replace("hello", '"}"'), "templates[0].text", "a brace stands alone"),
        (
            "templates:\n  - slug: exclusive-long-confirmation\n",
            "templates:\n  - slug: exclusive-long-confirmation\n    promotional: true\n",
            "playbooks[0].steps[0].template",
            "is promotional",
        ),
        (
            "thank you for asking",
            "act now and thank you for asking",
            "playbooks[0].steps[0].template",
            "says `act now`: a confirmation carries no promotion",
        ),
        (
            "templates:\n",
            'templates:\n  - {slug: rich, subject: s, text: t, html: "<p>a</p>\\n<script>x</script>"}\n',
            "templates[0].html",
            "line 2: `<script>` is not shown",
        ),
        (
            '  text_from: "+18005550100"\n',
            '  text_from: "800 555 0100"\n',
            "buyer.text_from",
            "a phone number in E.164",
        ),
        (
            "{digital: 1}",
            "{digital: 1}\n      hold_out: {percent: 51, delay_seconds: 60}",
            "orders[5].follow_up.hold_out.percent",
            "from 1 to 50",
        ),
    ],
)
def test_a_fault_names_its_field_and_what_was_expected(old: str, new: str, field: str, message: str) -> None:
    assert old in CATALOG
    document = read_document(CATALOG.replace(old, new, 1))
    found = {fault.field: fault for fault in document.faults}
    assert field in found, found
    assert message in found[field].message
    assert found[field].line > 0


def test_an_email_needs_a_subject() -> None:
    text = CATALOG.replace("templates:\n", "templates:\n" + TEXT, 1).replace(
        "template: exclusive-long-confirmation", "template: short", 1
    )
    assert [(fault.field, fault.message) for fault in read_document(text).faults] == [
        ("playbooks[0].steps[0].template", "template `short` has no subject, which an e-mail needs")
    ]


def test_a_catalog_that_was_put_together_is_checked_alike() -> None:
    catalog = read_document(DEMO).catalog
    assert catalog is not None
    assert list(check_playbooks(Draft.of(catalog))) == []


@pytest.mark.parametrize(("delay", "seconds"), [("0s", 0), ("45s", 45), ("10m", 600), ("2h", 7_200), ("3d", 259_200)])
def test_a_delay_is_a_number_of_seconds(delay: str, seconds: int) -> None:
    assert delay_seconds(delay) == seconds


def test_what_the_playbook_of_an_ended_order_names_stays_with_it() -> None:
    current = read_document(CATALOG).catalog
    start, end = CATALOG.index("  - slug: own-auto-2026"), len(CATALOG)
    text = CATALOG[:start] + CATALOG[end:]
    for old in ("  - slug: own-site\n", "  - slug: own-site-confirmation\n"):
        text = text.replace(old, old.replace("own-site", "renamed"))
    text = text.replace("template: own-site-confirmation", "template: renamed-confirmation")
    wanted = read_document(text).catalog
    assert current is not None
    assert wanted is not None
    merged = plan(current, wanted).catalog
    assert {"own-site", "renamed"} <= {playbook.slug for playbook in merged.playbooks}
    assert {"own-site-confirmation", "renamed-confirmation"} <= {template.slug for template in merged.templates}


def test_a_snapshot_of_an_earlier_release_still_confirms_and_calls() -> None:
    catalog = read_document(CATALOG).catalog
    assert catalog is not None
    document = json.loads(encode(catalog))
    del document["templates"]
    document["playbooks"] = [
        {"slug": "exclusive-long", "confirmation_subject": "Hello\nthere", "confirmation_text": "Soon: {offer}."},
        {"slug": "own-site", "confirmation_subject": "s", "confirmation_text": "t", "call": False},
    ]
    read = decode(json.dumps(document))
    called, silent = read.playbooks
    assert called.calls
    assert not silent.calls
    assert called.confirmation is not None
    template = next(one for one in read.templates if one.slug == called.confirmation.template)
    assert (template.subject, template.text) == ("Hello there", "Soon: {offer}.")


def test_texts_need_a_number_that_they_are_sent_from() -> None:
    texts = CATALOG.replace("{digital: 1}", "{digital: 1}\n      contact: {automatic_texts: true}", 1)
    assert read_document(texts).faults == ()
    (fault,) = read_document(texts.replace('  text_from: "+18005550100"\n', "")).faults
    assert fault.field == "orders[5].follow_up.contact.automatic_texts"
    assert "no `text_from`" in fault.message
