"""Yes and no, choices, and gender: words for one of a few things."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

from rapidfuzz.distance import OSA

from services.validation.fieldtypes.fieldtype import Reader
from services.validation.fieldtypes.plain import Read, ascii_like, plain_reader, wrong
from services.validation.fieldtypes.text import is_missing, tidy
from services.validation.verdict import MISSING, Reading, accepted, refused

_RULE = "field.readable"
_YES = frozenset(
    """yes y true t 1 1.0 on checked check agree agreed accept accepted ok okay sure yeah yep yup yea si sí affirmative
    absolutely certainly definitely consent consented ✓ ✔ ☑ ✅ selected""".split()
) | {
    "i do", "i agree", "i accept", "i am", "i have", "i consent", "opt in", "opt-in", "opted in", "of course",
}  # fmt: skip
_NO = frozenset(
    """no n false f 0 0.0 off unchecked nope nah negative disagree decline declined never ☐ ✗ ✘ ❌ unselected
    not""".split()
) | {"no thanks", "no thank you", "i do not", "i don't", "i disagree", "not yet", "i decline", "i am not", "i have not",
     "i haven't", "opt out", "opt-out", "opted out", "do not", "not at all"}  # fmt: skip
#: `Yes, I do`: the label of a radio button. What follows must not take it back.
_LABEL = re.compile(r"(yes|sí|si|no|y|n|true|false)\s?[,;:.!–—-]+\s?(.+)|(yes)\s(i\s.+|please.*|sir|ma'?am)")
_TAKES_BACK = re.compile(r"\b(?:yes|no|but|maybe|unless|except|if|both|unsure|sometimes|or|not sure)\b")
_SURE = re.compile(r"i(?:'m| am) not sure|not sure|i don'?t know|don'?t know|maybe|unsure|unknown")
_MISTYPED = {"true": ("yes", "yess", "ye", "yees", "tru", "ture", "treu", "ys", "yse"),
             "false": ("flase", "fals", "fasle", "noo", "onf")}  # fmt: skip
_MEANT = {word: value for value, words in _MISTYPED.items() for word in words}


def read_boolean(text: str) -> Read:
    """Yes or no, in the words of forms, people and systems; canonical `true` and `false`."""
    word = ascii_like(text).casefold().strip(" .!\"'")
    if word in _YES:
        return Read("true", observed="true")
    if word in _NO:
        return Read("false", observed="false")
    label = _LABEL.fullmatch(word)
    if label is not None and not _TAKES_BACK.search(label[2] or label[4]) and not _SURE.search(word):
        value = "false" if (label[1] or label[3]) in ("no", "n", "false") else "true"
        return Read(value, observed=value)
    return wrong("Expected yes or no.", _MEANT.get(word, ""))


def boolean_reader(field: str) -> Reader:
    """A reader of yes and no."""
    return plain_reader(field, _RULE, "yes or no", read_boolean)


def choice_reader(field: str, choices: tuple[str, ...], also: Mapping[str, str] | None = None) -> Reader:
    """A reader of one of `choices`, whatever the case and punctuation; `also`: other words for them.

    It looks before it asks whether the text stands for nothing: `none` may well be a choice.
    """
    exact = {choice.casefold(): choice for choice in choices}
    loose: dict[str, str | None] = {_loose(word): choice for word, choice in (also or {}).items()}
    for choice in choices:
        # Two choices that differ in punctuation alone (C+ and C-) must be written as declared.
        known = loose.get(_loose(choice), choice)
        loose[_loose(choice)] = choice if known == choice else None
    expected = f"Expected one of: {', '.join(choices)}." if len(choices) <= 12 else "Expected one of the listed values."

    def read_choice(raw: str) -> Reading:
        text = tidy(raw)
        folded = _loose(text)
        value = exact.get(text.casefold()) or (loose.get(folded) if folded else None)
        if value is not None:
            return accepted(value, _RULE, field, value, "a listed value")
        if is_missing(text):
            return MISSING
        return refused(_RULE, field, expected, suggestion=_nearest(folded, loose))

    return read_choice


_GENDERS = {
    "male": "m male males man boy masculine masc hombre masculino gentleman guy cismale cisman transman transmale",
    "female": "f female females woman girl feminine fem lady mujer femenina femenino cisfemale ciswoman transwoman "
              "transfemale",
    "nonbinary": "x nb nonbinary enby genderx xnonbinary nonbinaryx genderqueer genderfluid agender bigender twospirit "
                 "nonconforming gendernonconforming nonbinarythirdgender thirdgender nobinario",
    "other": "o other otro otra another diverse notlisted somethingelse selfdescribe prefertoselfdescribe transgender "
             "trans intersex",
    "undisclosed": "u undisclosed unknown undeclared unspecified withheld private refused decline declined noanswer "
                   "declinetoanswer declinetostate prefernottosay iprefernottosay idprefernottosay prefernottoanswer "
                   "prefernottodisclose prefernottoidentify rathernotsay idrathernotsay rathernotanswer "
                   "donotwishtoanswer idonotwishtoanswer notspecified notdisclosed notstated choosenottodisclose",
}  # fmt: skip
_GENDER_OF = {word: value for value, words in _GENDERS.items() for word in words.split()}
#: Titles and pronouns tell what is likely, not what was answered; `W` is a woman to some forms.
_LIKELY_GENDER = {"mr": "male", "mister": "male", "he": "male", "hehim": "male", "mrs": "female", "ms": "female",
                  "miss": "female", "she": "female", "sheher": "female", "w": "female", "they": "nonbinary",
                  "theythem": "nonbinary"}  # fmt: skip
_EXPECTED_GENDER = "Expected male, female, nonbinary, other or undisclosed."


def read_gender(text: str) -> Read:
    """Gender: canonical `male`, `female`, `nonbinary`, `other`, or `undisclosed` for a declined answer.

    `X` is nonbinary, as on state identity cards. The number codes of ISO 5218 are not read: nobody
    types them, and systems disagree about which is which.
    """
    word = _loose(ascii_like(text))
    value = _GENDER_OF.get(word)
    if value is not None:
        return Read(value, observed="a gender")
    likely = _LIKELY_GENDER.get(word) or _nearest(word, {name: name for name in ("male", "female", "nonbinary")})
    return wrong(_EXPECTED_GENDER, likely)


def gender_reader(field: str) -> Reader:
    """A reader of gender."""
    return plain_reader(field, _RULE, "a gender", read_gender)


def _loose(text: str) -> str:
    """Letters and digits alone, without case and accents; `&` is `and`."""
    if not text.isascii():
        text = "".join(sign for sign in unicodedata.normalize("NFKD", text) if not unicodedata.combining(sign))
    return "".join(sign for sign in text.casefold().replace("&", "and") if sign.isalnum())


def _nearest(word: str, known: Mapping[str, str | None]) -> str:
    """The one known word that a mistyped or shortened one probably is; empty: none, or several."""
    if len(word) < 3 or len(word) > 80:
        return ""
    near = {value for other, value in known.items() if value is not None and len(other) > 3 and _is_near(word, other)}
    return near.pop() if len(near) == 1 else ""


def _is_near(word: str, other: str) -> bool:
    slips = 1 if len(other) < 8 else 2
    return other.startswith(word) or OSA.distance(word, other, score_cutoff=slips) <= slips
