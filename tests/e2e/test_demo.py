"""`leadline demo` as a person meets it: it ends well, tells the truth, and leaves nothing running."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from deploy.local.child import ROOT
from tests.e2e.market import environ, fresh_folder

pytestmark = pytest.mark.timeout(300)

_DEMO_SECONDS = 240

#: The contract's keys.
KEYS = {"submitted", "accepted", "rejected", "pending", "reasons", "labels", "by_label", "charged_minor",
        "ledger_charged_minor", "decision_ms", "speed_to_lead_ms", "leads_per_s"}  # fmt: skip

#: What every single lead of a bad label has to be told: these codes and no other.
EXPECTED: dict[str, set[str]] = {
    "bad_fake_phone": {"phone_fake"},
    "bad_dead_area_code": {"phone_invalid"},
    "bad_disposable_email": {"email_disposable"},
    "bad_gibberish_name": {"name_fake"},
    "bad_test_data": {"test_data"},
    "bad_zip_state_at_odds": {"address_mismatch"},
    "bad_bot_user_agent": {"bot_detected"},
    "bad_honeypot": {"bot_detected"},
    "bad_too_fast": {"bot_detected"},
    "bad_no_consent": {"consent_missing"},
    "bad_no_disclosure": {"disclosure_missing"},
    "bad_altered_disclosure": {"disclosure_mismatch"},
    # The order is for exclusive leads, and the text that several companies may call was never approved.
    "bad_sold_to_several": {"disclosure_mismatch", "lead_type_mismatch"},
    "bad_stale_consent": {"consent_expired"},
    "bad_below_minimum": {"criteria_not_met"},
    "bad_beyond_means": {"criteria_not_met"},
    "bad_paused_source": {"source_paused"},
    # Marco's disclosure is approved for Marco's sites alone.
    "bad_unknown_source": {"source_not_allowed", "disclosure_mismatch"},
    "bad_rewarded": {"lead_type_mismatch"},
    "bad_no_phone": {"field_missing"},
    "bad_out_of_area": {"geography_excluded"},
    "bad_single_opt_in": {"lead_type_mismatch"},
    "bad_duplicate_same_seller": {"duplicate_same_seller"},
    "bad_duplicate_other_seller": {"duplicate_other_seller"},
    "bad_existing_customer": {"existing_customer"},
    "bad_over_cap": {"cap_reached"},
}
#: Labels whose leads are wrong in several fields, each of which is told: the same code again, or one of these.
FIELD_BY_FIELD: dict[str, set[str]] = {"bad_gibberish_name": set(), "bad_test_data": {"name_fake"}}


@dataclass(frozen=True, slots=True)
class Ended:
    """A demo that was run."""

    status: int
    printed: str
    data_dir: Path
    report: dict[str, Any]


@pytest.fixture(scope="module")
def demo() -> Iterator[Ended]:
    with fresh_folder() as folder:
        ended = subprocess.run(
            [sys.executable, "-m", "deploy.demo.main", "--seed", "20261122"],
            cwd=ROOT, env=environ(LEADLINE_DATA_DIR=str(folder), COLUMNS="200"), text=True, capture_output=True,
            stdin=subprocess.DEVNULL, timeout=_DEMO_SECONDS, check=False,
        )  # fmt: skip
        printed = ended.stdout + ended.stderr
        report = folder / "demo-report.json"
        assert report.exists(), printed
        yield Ended(ended.returncode, printed, folder, json.loads(report.read_text()))


def test_it_ends_well(demo: Ended) -> None:
    assert demo.status == 0, demo.printed


def test_the_report_has_every_key_of_the_contract(demo: Ended) -> None:
    assert demo.report.keys() >= KEYS
    assert demo.report["labels"].keys() == {"good", "bad"}
    for times in (demo.report["decision_ms"], *demo.report["speed_to_lead_ms"].values()):
        assert 0 <= times["p50"] <= times["p95"] <= times["p99"]
    assert demo.report["speed_to_lead_ms"].keys() >= {"decision", "email", "task", "speed_to_lead"}
    assert demo.report["leads_per_s"] > 0


def test_every_lead_has_its_outcome_and_every_cent_is_in_the_ledger(demo: Ended) -> None:
    report = demo.report
    assert report["submitted"] == report["accepted"] + report["rejected"] > 2000
    assert report["pending"] == 0
    assert report["charged_minor"] == report["ledger_charged_minor"] > 0


def test_all_good_leads_are_bought_and_all_bad_ones_are_not(demo: Ended) -> None:
    good, bad = demo.report["labels"]["good"], demo.report["labels"]["bad"]
    assert (good["rejected"], bad["accepted"]) == (0, 0), demo.printed
    assert (good["accepted"], bad["rejected"]) == (demo.report["accepted"], demo.report["rejected"])


def test_every_lead_of_a_bad_label_is_told_what_a_person_would_say_and_nothing_else(demo: Ended) -> None:
    told = {label: codes for label, codes in demo.report["reasons_by_label"].items() if label.startswith("bad")}
    leads = {label: outcomes["rejected"] for label, outcomes in demo.report["by_label"].items()}
    wanted = {label: dict.fromkeys(codes, leads[label]) for label, codes in EXPECTED.items()}
    for label, codes in FIELD_BY_FIELD.items():
        fields = told.pop(label)
        assert set(fields) - codes == wanted[label].keys()
        assert all(fields[code] >= count for code, count in wanted.pop(label).items())
    assert told == wanted


def test_the_screen_says_why_and_how_much(demo: Ended) -> None:
    assert "Confusion table" in demo.printed
    assert "equal to the ledger" in demo.printed
    assert all(code in demo.printed for code in demo.report["reasons"])


def test_no_process_is_left_behind(demo: Ended) -> None:
    left = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            named = (process / "cmdline").read_bytes() + (process / "environ").read_bytes()
        except OSError:
            continue
        if process.name != str(os.getpid()) and str(demo.data_dir).encode() in named:
            left.append(named.split(b"\0")[:3])
    assert left == []
