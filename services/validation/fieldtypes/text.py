"""Plain text as people and their systems really send it."""

from __future__ import annotations

import re
import unicodedata

#: Longest value of a field that is read at all, in characters.
LONGEST = 1000

#: What systems write when they have nothing to write.
_PLACEHOLDERS = frozenset(
    {
        "n/a", "#n/a", "n\\a", "n.a.", "n.a", "na", "none", "(none)", "null", "(null)", "nil", "undefined", "nan",
        "not provided", "not given", "not available", "not applicable", "unknown", "(blank)", "-",
        "--", "---", "_", ".", "..", "...", "?",
    }
)  # fmt: skip
#: Of these, some are also what people are called: Na, Nan and Nil are names, and so is Null.
_NAMES = frozenset({"na", "nan", "nil"})
_TITLE_CASE_NAMES = frozenset({"Null", "None"})
#: A template that nobody filled in: {{phone}}, ${phone}, [[phone]], %%phone%%, {phone}, <phone>, <%phone%>, *|PHONE|*.
_TEMPLATE = re.compile(
    r"\{\{[^{}]*\}\}|\$?\{[^{}]*\}|\[\[[^\[\]]*\]\]|%%?[A-Za-z_]\w*%%?|<[A-Za-z_]\w*>|\[[A-Za-z_]\w*\]"
    r"|<%=?[^<>%]*%>|\*\|[A-Za-z_]\w*\|\*"
)
#: Control characters, soft hyphens, what joins or parts letters unseen, and what turns the direction of writing.
_INVISIBLE = re.compile(
    "[\u0000-\u0008\u000e-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]"
)


def tidy(text: str) -> str:
    """The text without invisible characters, trimmed, each run of white space one space, composed (NFC)."""
    if text.isascii():
        if text.isprintable():
            # Most values: nothing to trim, and no two blanks together.
            blank = "  " in text or text[:1] == " " or text[-1:] == " "
            return " ".join(text.split()) if blank else text
    else:
        text = unicodedata.normalize("NFC", text)
    return " ".join(_INVISIBLE.sub("", text).split())


def is_missing(text: str, *, name: bool = False) -> bool:
    """True for tidied text that stands for nothing. `name`: the field holds a person's name."""
    if not text:
        return True
    if len(text) <= 14 and text.casefold() in _PLACEHOLDERS:
        return not (name and (text.casefold() in _NAMES or text in _TITLE_CASE_NAMES))
    return text[0] in "{$[%<*" and _TEMPLATE.fullmatch(text) is not None
