"""One wording in many settings is one wording; another wording is another, and the difference can be read."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from services.validation.consent.difference import allowed
from services.validation.consent.disclosure import Nearest, Registry
from services.validation.consent.wording import LABEL, WILDCARD, shown, words_of
from shared.catalog.terms import Disclosure
from tests.unit.validation.terms import DISCLOSURE, SHOWN

_CATALOG = Path(__file__).resolve().parents[3] / "deploy/demo/catalog.yaml"
#: The wordings of the worked example: long, from several sellers, with wildcards in every place.
WORDINGS = tuple(entry["text"] for entry in yaml.safe_load(_CATALOG.read_text())["disclosures"])
NAMES = ("Get my rate", "Ann Lee-Müller", "See rates, Ann", "512-627-4199", "Don't wait", "")

SETTINGS: dict[str, Callable[[str], str]] = {
    "upper case": str.upper,
    "lower case": str.lower,
    "line breaks": lambda text: text.replace(" ", "\r\n  "),
    "no-break spaces": lambda text: text.replace(" ", "\u00a0"),
    "named no-break spaces": lambda text: text.replace(" ", "&nbsp;"),
    "escaped twice": lambda text: text.replace(" ", "&amp;nbsp; "),
    "without a semicolon": lambda text: text.replace(" ", "&nbsp "),
    "thin spaces": lambda text: text.replace(" ", "\u2009"),
    "paragraph": lambda text: f"<p class='tcpa'>{text}</p>",
    "bold words": lambda text: " ".join(f"<b>{word}</b>" for word in text.split()),
    "tag inside a word": lambda text: text.replace("consent", "con<wbr>sent").replace("Consent", "Con<b>s</b>ent"),
    "links": lambda text: text.replace("Big Bank", '<a href="https://b.example/?a=1&b=2" title="x > y">Big Bank</a>'),
    "list": lambda text: "<ul><li>" + text.replace(". ", ".</li><li>") + "</li></ul>",
    "break": lambda text: text.replace(". ", ".<br/>"),
    "comment": lambda text: text.replace(". ", ". <!-- not shown: never --> "),
    "script": lambda text: text + "<script>if (a < b) { not(); }</script><style>p { color: red }</style>",
    "escaped markup": lambda text: f"&lt;p&gt;{text}&lt;/p&gt;",
    "zero width": lambda text: "\u200b".join(text),
    "soft hyphens": lambda text: text.replace("ti", "ti\u00ad"),
    "byte order mark": lambda text: "\ufeff" + text,
    "smart quotes": lambda text: text.replace('"', "“").replace("'", "’"),
    "guillemets": lambda text: text.replace('"', "«"),
    "no quotes": lambda text: text.replace('"', ""),
    "no punctuation": lambda text: "".join(sign for sign in text if sign.isalnum() or sign.isspace() or sign in "'’&"),
    "dashes": lambda text: text.replace(",", " —").replace(". ", " – "),
    "bullets": lambda text: "• " + text.replace(". ", ". • "),
    "footnote": lambda text: "*" + text.replace(".", ".†"),
    "registered": lambda text: text.replace("Big Bank", "Big Bank®").replace("LLC", "LLC™"),
    "full width": lambda text: text.replace("a", "\uff41").replace("B", "\uff22"),
    "ligature": lambda text: text.replace("fi", "\ufb01"),
    "ampersand": lambda text: text.replace(" and ", " & "),
    "named ampersand": lambda text: text.replace(" and ", " &amp; "),
    "figures": lambda text: text.replace("e", "&#101;").replace("o", "&#x6f;"),
    "hyphen gone": lambda text: text.replace("e-mail", "email"),
    "hyphen new": lambda text: text.replace("prerecorded", "pre-recorded").replace("text message", "text-message"),
    "tabs": lambda text: text.replace(" ", "\t"),
    "surrounded": lambda text: f"\n\n  {text}  \n",
}


def _registry(*texts: str) -> Registry:
    return Registry(tuple(Disclosure(slug=f"d{n}", text=text) for n, text in enumerate(texts)))


def _is(text: str, wording: str) -> bool:
    return _registry(wording).find(text, "s", "", ()) == "d0"


def _filled(wording: str, name: str = "Get my rate") -> str:
    return wording.replace("*", name)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("setting", SETTINGS)
def test_every_wording_of_the_example_is_known_in_every_setting(setting: str, name: str) -> None:
    for wording in WORDINGS:
        # Only a button may say "don't".
        if name == "Don't wait" and wording.count("*") != wording.count('"*"'):
            continue
        assert _is(SETTINGS[setting](_filled(wording, name)), wording), wording


@given(data=st.data())
@settings(max_examples=150, deadline=None)
def test_case_space_markup_and_punctuation_between_words_never_matter(data: st.DataObject) -> None:
    wording = data.draw(st.sampled_from(WORDINGS))
    joints = st.sampled_from(
        [" ", "  ", "\n", "\u00a0", " <br> ", "</b> <i>", ", ", " - ", "&nbsp;", "\u200b ", " “", " * "]
    )
    cases: st.SearchStrategy[Callable[[str], str]] = st.sampled_from([str.upper, str.lower, str.title, str.strip])
    words = _filled(wording, data.draw(st.sampled_from(("Go", "See my rate", "Ann")))).split()
    text = "".join(data.draw(cases)(word) + data.draw(joints) for word in words)
    assert _is(text, wording)


@pytest.mark.parametrize("wording", WORDINGS)
def test_a_word_left_out_is_another_wording(wording: str) -> None:
    words = _filled(wording).split()
    inside = set("Get my rate".split()) | {'"Get', 'rate"', "rate,", 'rate."'}
    for index, word in enumerate(words):
        if word in inside:
            continue
        assert not _is(" ".join(words[:index] + words[index + 1 :]), wording), word


@pytest.mark.parametrize("added", ["not", "never", "don't", "also", "Other", "2"])
@pytest.mark.parametrize("wording", WORDINGS)
def test_a_word_put_in_is_another_wording(wording: str, added: str) -> None:
    words = wording.replace('"*"', "*").split()
    for index in range(len(words) + 1):
        beside = "".join(words[max(index - 1, 0) : index + 1])
        text = " ".join([*words[:index], added, *words[index:]])
        if "*" in beside and added not in ("not", "never"):
            continue  # Part of what the wildcard stands for.
        assert not _is(text, wording), text


@pytest.mark.parametrize(
    ("instead_of", "put"),
    [
        ("Big Bank", "Small Bank"),
        ("Big Bank", "Big Bank and its partners"),
        ("Marco Media LLC", "Marco Mediation LLC"),
        ("not a condition", "a condition"),
        ("is not a condition of any purchase", "is a condition of purchase"),
        (" Consent is not a condition of any purchase.", ""),
        ("call and text", "call or text"),
        ("auto loans", "auto and home loans"),
        ("I agree", "I do not agree"),
        ("may call", "may not call"),
        ("at the number I gave", "at any number"),
    ],
)
def test_another_meaning_is_another_wording(instead_of: str, put: str) -> None:
    assert instead_of in SHOWN
    assert not _is(SHOWN.replace(instead_of, put), DISCLOSURE)


def test_figures_keep_their_point() -> None:
    assert not _is("loans from 549 % a year for all of you", "loans from 5.49 % a year for all of you")
    assert _is("up to $1,000 for all of you who ask", "up to 1000 for all of you who ask")


def test_a_wildcard_for_a_name_never_stands_for_a_refusal() -> None:
    wording = "I, *, agree that Big Bank may call me about my loan."
    assert _is("I, Ann Lee, agree that Big Bank may call me about my loan.", wording)
    assert _is("I agree that Big Bank may call me about my loan.", wording)
    for refusal in ("do not", "don't", "would never", "neither"):
        assert not _is(f"I {refusal} agree that Big Bank may call me about my loan.", wording)
    assert not _is(_filled(wording, "word " * 13), wording)


@pytest.mark.parametrize(
    ("run", "label", "fits"),
    [
        ("get my rate", True, True),
        ("don't wait", True, True),
        ("don't wait", False, False),
        ("i don't agree", True, False),
        ("not", True, False),
        ("", False, True),
        ("a " * 12, False, True),
        ("a " * 13, True, False),
    ],
)
def test_what_a_wildcard_may_stand_for(run: str, label: bool, fits: bool) -> None:
    assert allowed(run.split(), label=label) is fits


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (("also ", ""), 'missing "also"'),
        (("Big Bank", "Small Bank"), 'instead of "big": "small"'),
        (("is not a condition", "is a condition"), 'missing "not"'),
        (("I agree", "I do not agree"), 'added "do not"'),
        ((" Consent is not a condition of any purchase.", ""), 'missing "consent is not a condition of any purchase"'),
        (("about auto loans", "about auto loans 5126274199"), 'added "…"'),
        (("Marco Media LLC", "Zebulon Quartermain"), 'instead of "marco media llc": "…"'),
        (("I agree", "I don't agree"), 'added "don\'t"'),
    ],
)
def test_a_difference_is_told_in_words(change: tuple[str, str], told: str) -> None:
    found = _registry(DISCLOSURE).find(SHOWN.replace(*change), "s", "", ())
    assert isinstance(found, Nearest)
    assert found.difference.told({"zebulon", "quartermain"}) == told
    assert 60 < found.percent < 100


def test_what_a_wildcard_stands_for_is_not_shown() -> None:
    wording = "I, *, born on *, agree that Big Bank may call me about my loan, at any hour."
    text = "I, Zebulon Quartermain, born on May 4th, agree that Big Bank may call me about my lease, at any hour."
    found = _registry(wording).find(text, "s", "", ())
    assert isinstance(found, Nearest)
    assert found.difference.told() == 'instead of "loan": "lease"'


def test_a_run_too_long_for_its_wildcard_is_told_without_its_words() -> None:
    found = _registry(DISCLOSURE).find(_filled(DISCLOSURE, "Zebulon " * 13), "s", "", ())
    assert isinstance(found, Nearest)
    assert found.difference.told() == 'added "… (13 words)"'


def test_a_long_difference_stays_short() -> None:
    text = " ".join(f"{word} x{n}" if n % 3 == 0 else word for n, word in enumerate(SHOWN.split()))
    found = _registry(DISCLOSURE).find(text + " and" + " more" * 90, "s", "", ())
    assert isinstance(found, Nearest)
    assert len(found.difference.told()) < 700


def test_another_text_is_said_to_be_one() -> None:
    found = _registry(DISCLOSURE).find("Wir verwenden Cookies, um Ihnen die beste Erfahrung zu bieten.", "s", "", ())
    assert isinstance(found, Nearest)
    assert found.difference.told() == "another text altogether"


def test_the_nearest_is_the_one_that_differs_least() -> None:
    for n, wording in enumerate(WORDINGS):
        found = _registry(*WORDINGS).find(_filled(wording).replace("by", "from"), "s", "", ())
        assert found == f"d{n}" or (isinstance(found, Nearest) and found.slug == f"d{n}")


@pytest.mark.parametrize(
    ("disclosure", "elsewhere"),
    [
        (Disclosure(slug="d", text=DISCLOSURE, sellers=("other",)), "seller"),
        (Disclosure(slug="d", text=DISCLOSURE, sites=("other.example",)), "site"),
        (Disclosure(slug="d", text=DISCLOSURE, valid_until=date(2026, 1, 31)), "date"),
        (Disclosure(slug="d", text=DISCLOSURE, valid_from=date(2026, 3, 1)), "date"),
    ],
)
def test_an_approved_text_in_the_wrong_place_is_said_to_be_that(disclosure: Disclosure, elsewhere: str) -> None:
    day = (date(2026, 2, 1) - date(1970, 1, 1)).days
    found = Registry((disclosure,)).find(SHOWN, "marco", "cars.example", (), day)
    assert isinstance(found, Nearest)
    assert (found.slug, found.elsewhere) == ("d", elsewhere)


def test_a_wording_counts_on_its_first_and_last_day() -> None:
    dated = Disclosure(slug="d", text=DISCLOSURE, valid_from=date(2026, 2, 1), valid_until=date(2026, 2, 1))
    day = (date(2026, 2, 1) - date(1970, 1, 1)).days
    found = [Registry((dated,)).find(SHOWN, "s", "", (), at) for at in (day - 1, day, day + 1)]
    assert [isinstance(one, Nearest) for one in found] == [True, False, True]


@pytest.mark.parametrize(
    ("name", "named"),
    [
        ("Big Bank", True),
        ("Big Bank, N.A.", True),
        ("BIG BANK Inc.", True),
        ("Small Bank", False),
        ("Bank Big", False),
        ("Big Ban", False),
    ],
)
def test_whether_a_text_names_somebody(name: str, named: bool) -> None:
    assert _registry(DISCLOSURE).names(SHOWN, name) is named


@given(st.text(max_size=400) | st.text(alphabet="<>&*\"'!-/abscript \n", max_size=400))
@settings(max_examples=300, deadline=None)
def test_no_text_is_ever_a_failure(text: str) -> None:
    assert WILDCARD not in words_of(text)
    assert LABEL not in words_of(text)
    found = _registry(*WORDINGS).find(text, "s", "", ())
    assert not isinstance(found, str) or shown(text)


@pytest.mark.parametrize(
    "text", ["<" * 20_000, "<!--" * 5_000, "<a '" * 5_000, "&" * 20_000, "a " * 10_000, '<a "b' * 4000]
)
def test_a_hostile_text_is_answered_in_bounded_time(text: str) -> None:
    registry = _registry("a * " * 60 + "b", *WORDINGS)
    before = time.process_time()
    registry.find(text, "s", "", ())
    assert time.process_time() - before < 1.0
