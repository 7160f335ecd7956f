"""Social Security numbers: judged and masked in one step."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.sensitive.ssn import fault_of, mask_ssn
from tests.unit.validation.asking import INVALID, MISSING, answer, ask

POSSIBLE = """512-62-7419|512627419|512 62 7419|512.62.7419|512/62/7419|512_62_7419|512 - 62 - 7419| 512-62-7419
512–62–7419|512−62−7419
５１２-６２-７４１９|٥١٢٦٢٧٤١٩|SSN: 512-62-7419|ssn 512-62-7419|SSN#512-62-7419|SS# 512627419
Social Security Number: 512-62-7419|my ssn is 512-62-7419
'512627419|"512-62-7419"|512-62-7419.|(512-62-7419)|512\u00a062\u00a07419|512\u200b-62-7419|512‑62‑7419
Social: 512-62-7419""".replace("\n", "|").split("|")  # fmt: skip
IMPOSSIBLE = """000-12-3456|666-12-3456|512-00-1234|512-62-0000|000-00-0000|000000000|900-12-3456|999-99-9999
987-65-4321|987-65-4320|933-49-1234|912-89-1234
078-05-1120|078051120|219-09-9999|457-55-5462|123-45-6789|123456789|111-11-1111|222-22-2222|555555555|111-22-3333
876-54-3210|012-34-5678
12345678|1234567|51262741|5126274190|512-62-741|512-62-74190|512-627-419|51-2627419|5-1262-7419|51262-7419|6789
7419|12|512-62-ABCD|five one two
xxx-xx-7419|XXX-XX-7419|###-##-7419|***-**-741|refused|declined|I'd rather not|later|512-62-7419 and 512-62-7420
512-62-7419/512-62-7420|A12-34-5678|512627419a""".replace("\n", "|").split("|")  # fmt: skip
NOTHING = [
    "",
    "N/A",
    "none",
    "XXX-XX-XXXX",
    "xxx-xx-xxxx",
    "***-**-****",
    "###-##-####",
    "___-__-____",
    "--",
    "{{ssn}}",
]
TAXPAYERS = ["912-70-1234", "900701234", "912-88-1234", "999-90-1234", "950-50-1234", "912-65-1234"]


@pytest.mark.parametrize("text", POSSIBLE)
def test_a_possible_number_is_known_by_its_last_four_digits_only(text: str) -> None:
    found = ask("ssn", text)
    assert (found.value, found.valid) == ("***-**-7419", True)
    assert found.parts == {"kind": "ssn", "last_four": "7419"}


@pytest.mark.parametrize("text", TAXPAYERS)
def test_a_taxpayer_number_is_told_apart(text: str) -> None:
    assert ask("ssn", text).value == "9**-**-1234"
    assert ask("ssn", text).parts["kind"] == "itin"


@pytest.mark.parametrize("text", IMPOSSIBLE)
def test_a_number_that_nobody_has_is_refused_and_in_no_word_of_the_answer(text: str) -> None:
    found = ask("ssn", text)
    assert not found.missing
    assert found.value is None
    assert found.faults
    assert not any(sign.isdigit() for sign in str(found.faults) + found.suggestion)


@pytest.mark.parametrize("text", NOTHING)
def test_a_mask_over_nothing_is_missing(text: str) -> None:
    assert answer("ssn", text) == MISSING


@pytest.mark.parametrize("text", [*POSSIBLE, *IMPOSSIBLE, *TAXPAYERS])
def test_what_the_edge_has_masked_is_judged_as_what_was_sent(text: str) -> None:
    masked = mask_ssn(text)
    assert mask_ssn(masked) == masked
    assert answer("ssn", masked) == answer("ssn", text)
    assert (answer("ssn", text) == INVALID) == bool(fault_of(masked))


@given(st.text(max_size=40) | st.from_regex(r"\d{3}[- ]?\d{2}[- ]?\d{4}", fullmatch=True))
def test_a_mask_is_its_own_mask_and_tells_four_digits_at_most(text: str) -> None:
    masked = mask_ssn(text)
    assert mask_ssn(masked) == masked
    assert sum(sign.isdecimal() for sign in masked) <= 5
