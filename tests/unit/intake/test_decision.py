from __future__ import annotations

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from services.intake.decision import Decision, decide, merge


@dataclass(frozen=True)
class Found:
    reason: int
    field: str = ""
    message: str = ""


found = st.builds(Found, reason=st.integers(1, 41), field=st.sampled_from(["", "phone", "email"]))


def test_a_lead_without_findings_is_bought_by_the_chosen_order() -> None:
    decision: Decision[Found] = decide(lead_findings=[], order_findings={"a": []}, chosen="a", nearest="")
    assert (decision.accepted, decision.order, decision.reasons) == (True, "a", ())


def test_a_rejected_lead_is_told_all_reasons_of_the_lead_and_of_the_nearest_order() -> None:
    decision = decide(
        lead_findings=[Found(15, "phone")],
        order_findings={"a": [Found(11), Found(3)], "b": [Found(6)] * 3},
        chosen="",
        nearest="a",
    )
    assert (decision.accepted, decision.order) == (False, "a")
    assert [finding.reason for finding in decision.reasons] == [3, 11, 15]


@given(st.lists(found, min_size=1, max_size=5))
def test_a_choice_against_a_finding_is_never_bought(findings: list[Found]) -> None:
    assert not decide(lead_findings=findings, order_findings={"a": []}, chosen="a", nearest="").accepted
    assert not decide(lead_findings=[], order_findings={"a": findings}, chosen="a", nearest="").accepted


@given(st.lists(st.lists(found, max_size=6), max_size=4))
def test_each_code_is_told_once_per_field_in_the_order_of_codes(groups: list[list[Found]]) -> None:
    merged = merge(*groups)
    keys = [(finding.reason, finding.field) for finding in merged]
    assert keys == sorted(set(keys))
    assert set(keys) == {(finding.reason, finding.field) for group in groups for finding in group}


def test_without_any_candidate_only_the_findings_of_the_lead_are_told() -> None:
    decision = decide(lead_findings=[Found(2, "order")], order_findings={}, chosen="", nearest="")
    assert (decision.accepted, decision.order, len(decision.reasons)) == (False, "", 1)
