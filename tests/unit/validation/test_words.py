"""Yes and no, choices, and gender."""

from __future__ import annotations

import pytest

from services.validation.fieldtypes.fieldtype import Context, parsed
from services.validation.fieldtypes.registry import FIELD_TYPES
from tests.unit.validation.asking import INVALID, MISSING, answer, reader, suggestion
from tests.unit.validation.terms import reference

YES = """yes|Yes|YES|y|Y|true|True|TRUE|t|1|1.0|on|ON|checked|Checked|check|agree|Agreed|I agree|I Agree.|accept
Accepted
ok|OK|okay|sure|yeah|yep|yup|yea|si|Sí|SÍ|Yes!|Yes.| yes |yes, I do|Yes, I do|Yes I do|Yes, I have a trade-in
Yes - own a home|Yes please
Yes, please|yes sir|Y - agree|"yes"|✓|✔|☑|I do|of course|opt in|Opt-In|opted in|I consent
Yes, I agree to be contacted|ｙｅｓ|YES, I AM""".replace("\n", "|").split("|")  # fmt: skip
NO = """no|No|NO|n|N|false|False|FALSE|f|0|0.0|off|OFF|unchecked|nope|nah|no thanks|No, thanks|No thank you|No.
No!|no, I don't
No, I do not|No - rent|never|Not yet|I do not|I don't|disagree|decline|☐|✗|❌|opt out|opt-out
No, I'm not interested|not""".replace("\n", "|").split("|")  # fmt: skip
NEITHER = """maybe|Maybe|perhaps|unsure|not sure|I don't know|don't know|yes/no|Y/N|yes or no|yes and no
both|2|-1|10|01/02
yes but no|yes, but not now|no, but maybe|Yes, maybe|No, not sure|x|asdf|sometimes|depends|true false|yesno|25000
maybe yes|no problem|""".replace("\n", "|").split("|")  # fmt: skip

MALE = "male|Male|MALE|m|M|m.|man|Man|boy|masculine|hombre|masculino|cis male|Cis-Male|trans man|Males|Ｍ".split("|")
FEMALE = (
    "female|Female|FEMALE|f|F|woman|Woman|girl|feminine|mujer|femenino|lady|cis female|trans woman|Trans-Female".split(
        "|"
    )
)
NONBINARY = """nonbinary|non-binary|Non Binary|non binary|NB|enby|X|x|Gender X|genderqueer|Gender Fluid|agender
two-spirit|X (non-binary)""".replace("\n", "|").split("|")
OTHER = "other|Other|O|another|transgender|intersex|not listed|Prefer to self-describe".split("|")
UNDISCLOSED = """prefer not to say|Prefer Not To Say|Prefer not to answer|prefer not to disclose
I prefer not to say|I'd rather not say
rather not say|Decline to answer|declined|decline to state|undisclosed|U|not specified|Not disclosed
unspecified|refused""".replace("\n", "|").split("|")  # fmt: skip
NO_GENDER = """1|2|0|9|M/F|male/female|both|yes|no|Mr|Mrs|Ms|she/her|he/him|asdf|attack helicopter|mle|femal|malee
W|MF|B|straight|gay|30""".replace("\n", "|").split("|")

RATINGS = ("excellent", "good", "fair", "poor", "self_employed", "C+", "C-", "Rent & own", "none")
CHOSEN = {
    "excellent": "excellent", "EXCELLENT": "excellent", " Excellent ": "excellent", "excellent.": "excellent",
    "Self-Employed": "self_employed", "self employed": "self_employed", "SELFEMPLOYED": "self_employed",
    "C+": "C+", "c-": "C-", "C": INVALID, "rent and own": "Rent & own", "RENT & OWN": "Rent & own", "none": "none",
    "None": "none", "éxcellent": "excellent", "N/A": MISSING, "": MISSING, "platinum": INVALID, "excelent": INVALID,
    "good,fair": INVALID, "goood": INVALID, "exc": INVALID, "--": MISSING,
}  # fmt: skip


@pytest.mark.parametrize("text", YES)
def test_yes_is_true(text: str) -> None:
    assert answer("boolean", text) == "true"


@pytest.mark.parametrize("text", NO)
def test_no_is_false(text: str) -> None:
    assert answer("boolean", text) == "false"


@pytest.mark.parametrize("text", NEITHER)
def test_what_is_neither_yes_nor_no_is_neither(text: str) -> None:
    assert answer("boolean", text) == (INVALID if text else MISSING)


@pytest.mark.parametrize(("text", "expected"), [("yess", "true"), ("flase", "false"), ("treu", "true"), ("maybe", "")])
def test_a_mistyped_word_is_told_and_not_taken(text: str, expected: str) -> None:
    assert suggestion("boolean", text) == expected


@pytest.mark.parametrize(
    ("expected", "text"),
    [(name, text) for name, texts in {"male": MALE, "female": FEMALE, "nonbinary": NONBINARY, "other": OTHER,
     "undisclosed": UNDISCLOSED, INVALID: NO_GENDER}.items() for text in texts],
)  # fmt: skip
def test_gender_has_five_canonical_values(expected: str, text: str) -> None:
    assert answer("gender", text) == expected


@pytest.mark.parametrize(("text", "expected"), [("Mrs", "female"), ("femal", "female"), ("mle", "male"), ("yes", "")])
def test_a_likely_gender_is_told(text: str, expected: str) -> None:
    assert suggestion("gender", text) == expected


@pytest.mark.parametrize(("text", "expected"), CHOSEN.items())
def test_a_choice_is_found_whatever_its_case_and_punctuation(text: str, expected: str) -> None:
    found = parsed(reader("choice", RATINGS)(text))
    assert (MISSING if found.missing else found.value if found.valid else INVALID) == expected


@pytest.mark.parametrize(("text", "expected"), [("excelent", "excellent"), ("goood", "good"), ("exc", "excellent"),
                                                ("self-emploied", "self_employed"), ("platinum", ""), ("C",
                                                "")])  # fmt: skip
def test_the_one_near_choice_is_told(text: str, expected: str) -> None:
    assert parsed(reader("choice", RATINGS)(text)).suggestion == expected


def test_other_words_for_a_choice_are_the_choice() -> None:
    context = Context(reference(), "rating", ("excellent", "good"), {"720+": "excellent", "A-OK": "good"})
    read = FIELD_TYPES["choice"].reader(context)
    assert [read(text).value for text in ("720+", "720", "a ok", "good")] == ["excellent", "excellent", "good", "good"]
