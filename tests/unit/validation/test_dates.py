"""Dates and dates of birth as people and systems in the United States write them."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.validation.asking import INVALID, MISSING, TODAY, answer, ask, suggestion

#: All of them the same day.
FOURTH_OF_MARCH = """
1985-03-04 | 1985-3-4 | 1985/03/04 | 1985/3/4 | 1985.03.04 | 1985 03 04 | 19850304 | 03041985
1985-03-04T00:00:00 | 1985-03-04T00:00:00Z | 1985-03-04T00:00:00.000Z | 1985-03-04T23:59:59-05:00
1985-03-04T00:00:00+0000 | 1985-03-04 00:00:00 | 1985-03-04 00:00:00.000000 | 1985-03-04 00:00
1985-03-04 00:00:00 UTC
1985-03-04 12:00:00+00 | 1985-03-04T24:00:00 | 1985-03-04T00:00:00[America/New_York] | 19850304T000000Z
3/4/1985 | 03/04/1985 | 3/04/1985 | 03/4/1985 | 3-4-1985 | 03-04-1985 | 3.4.1985 | 03.04.1985 | 3 4 1985
03 04 1985
3 / 4 / 1985 | 03 - 04 - 1985 | 03\\04\\1985 | 3/4/1985 12:00 AM | 03/04/1985 00:00:00 | 3/4/1985 12:00:00 AM
3/4/85 | 03/04/85 | 3-4-85 | 03-04-85 | 03.04.85 | 3/4/'85 | 03 04 85
March 4, 1985 | March 4 1985 | march 4, 1985 | MARCH 4, 1985 | March 4th, 1985 | March 4th 1985 | March 04, 1985
Mar 4, 1985 | Mar. 4, 1985 | Mar 4 1985 | MAR 4 1985 | Mar-04-1985 | Mar/04/1985 | March 4, 85 | March 4, '85
Mar 4th, '85
March 4,1985 | March,4,1985 | Mar4, 1985 | March the 4th, 1985 | March 4th of 1985
4 March 1985 | 4 Mar 1985 | 04 Mar 1985 | 4 Mar. 1985 | 4th March 1985 | 4th of March 1985 | the 4th of March, 1985
4-Mar-1985 | 04-Mar-1985 | 4-Mar-85 | 04-MAR-85 | 04MAR1985 | 04MAR85 | 4Mar85 | 4/Mar/1985 | 4. March 1985
04.Mar.1985
1985 March 4 | 1985-Mar-04 | 1985, March 4 | 1985 Mar 4th
Monday, March 4, 1985 | Mon, March 4, 1985 | Mon Mar 4 1985 | Mon, 04 Mar 1985 00:00:00 +0000
Mon, 04 Mar 1985 00:00:00 GMT
Mon Mar 04 1985 00:00:00 GMT-0500 (Eastern Standard Time) | Mon Mar 04 1985 00:00:00 GMT+0000
4 de marzo de 1985 | 4 marzo 1985 | marzo 4, 1985
"1985-03-04" | '03/04/1985 | 03/04/1985. | 03/04/1985, | ０３/０４/１９８５ | 1985–03–04 | 3–4–1985 | March 4, 1985.
"""
SAME_DAY = [text.strip() for text in FOURTH_OF_MARCH.replace("\n", "|").split("|") if text.strip()]

DATES = {
    "02/29/2020": "2020-02-29",
    "2/29/2000": "2000-02-29",
    "Feb 29 2024": "2024-02-29",
    "29 Feb 1996": "1996-02-29",
    "12/31/1999": "1999-12-31",
    "25/12/1985": "1985-12-25",
    "25-12-1985": "1985-12-25",
    "25.12.1985": "1985-12-25",
    "13/01/2020": "2020-01-13",
    "31/12/99": "1999-12-31",
    "12/25/2030": "2030-12-25",
    "1/2/20": "2020-01-02",
    "1/2/46": "2046-01-02",
    "1/2/47": "1947-01-02",
    "1/2/69": "1969-01-02",
    "06/30/2026": "2026-06-30",
    "Sept 5, 2020": "2020-09-05",
    "Sep 5, 2020": "2020-09-05",
    "5 de enero de 1990": "1990-01-05",
    "1970-01-01": "1970-01-01",
}
BAD_DATES = """
02/29/2021 | 2/29/1900 | 2021-02-29 | 02/30/2020 | 2/31/2020 | 04/31/1985 | 31/04/1985 | 13/13/1985 | 32/01/1985
00/05/1985
05/00/1985 | 0/0/1985 | 1985-13-01 | 1985-00-10 | 1985-25-12 | 13/32/2000 | June 31, 2000 | 31 Sep 2000
Smarch 4, 1985
1985 | 85 | March 1985 | 03/1985 | 1985-03 | 3/4 | 12/11 | March 4 | 4 March | 12-11 | March
yesterday | today | tomorrow | last week | 3 weeks ago | ASAP | soon | Monday | Q3 2020 | spring 1985 | around 1985
478742400 | 478742400000 | 31110 | 030485 | 850304 | 85-03-04 | 3/4-1985 | 1985/03-04 | 3/4/985 | 3/4/19855
03/04/0085
9999-12-31 | 1753-01-01 | 1700-05-05 | 3000-01-01 | 1900-01-01 | 01/01/1900 | 1899-12-30
1985-03-04T25:00:00 | 1985-03-04 10:61 | 3/4/1985 99:99 | 1985-W10-1 | 1985-063 | 12345678 | 99999999
1234567890123456
03,04,1985 | Febuary 4, 1985 | Mrach 4, 1985 | 3/4/1985-3/5/1985 | 3/4/1985 or 3/5/1985 | 3-4 | 1/1/1 | abc
12:30 | +1 | 3//4//1985
"""
NO_DATE = [text.strip() for text in BAD_DATES.replace("\n", "|").split("|") if text.strip()]

NOTHING = ["", " ", "N/A", "null", "-", "0000-00-00", "00/00/0000", "0000-00-00 00:00:00", "0001-01-01",
           "0001-01-01T00:00:00", "1/1/0001", "mm/dd/yyyy", "MM/DD/YYYY", "__/__/____", "//", "yyyy-mm-dd",
           "{{dob}}",
           "Invalid date", "NaT"]  # fmt: skip

LIKELY = {
    "1985": "MM/DD/1985",
    "March 1985": "March DD, 1985",
    "03/1985": "03/DD/1985",
    "1985-03": "1985-03-DD",
    "12/11": "12/11/YYYY",
    "March 4": "March 4, YYYY",
    "4 March": "March 4, YYYY",
    "478742400": "1985-03-04",
    "478742400000": "1985-03-04",
    "1985-25-12": "1985-12-25",
    "03,04,1985": "1985-03-04",
    "Febuary 4, 1985": "1985-02-04",
    "85-03-04": "1985-03-04",
    "850304": "1985-03-04",
    "030485": "1985-03-04",
    "25121985": "1985-12-25",
}

BIRTHS = {
    "12/31/1980": "1980-12-31",
    "11/22/2008": "2008-11-22",
    "11/23/2008": "2008-11-23",
    "11/22/2013": "2013-11-22",
    "11/22/1906": "1906-11-22",
    "2/29/1988": "1988-02-29",
    "1/1/1970": "1970-01-01",
    "3/4/26": "1926-03-04",
    "3/4/25": INVALID,
    "3/4/27": "1927-03-04",
    "11/22/26": "1926-11-22",
    "11/21/26": "1926-11-21",
    "3/4/45": "1945-03-04",
    "3/4/99": "1999-03-04",
    "3/4/00": "2000-03-04",
    "3/4/08": "2008-03-04",
    "11/22/08": "2008-11-22",
    "11/23/08": INVALID,
    "3/4/15": INVALID,
    "3/4/20": INVALID,
    "11/23/2013": INVALID,
    "11/22/2026": INVALID,
    "11/23/2026": INVALID,
    "1/1/2030": INVALID,
    "11/21/1906": "1906-11-21",
    "11/21/1905": INVALID,
    "1/1/1895": INVALID,
    "1/1/1800": INVALID,
    "01/01/1900": INVALID,
    "1900-01-01": INVALID,
    "11/11/1911": INVALID,
    "1985": INVALID,
    "41": INVALID,
    "41 years old": INVALID,
    "0000-00-00": MISSING,
    "00/00/0000": MISSING,
}


@pytest.mark.parametrize("kind", ["date", "date_of_birth"])
@pytest.mark.parametrize("text", SAME_DAY)
def test_one_day_in_all_its_spellings(kind: str, text: str) -> None:
    assert answer(kind, text) == "1985-03-04"


@pytest.mark.parametrize(("text", "expected"), DATES.items())
def test_a_date_is_read(text: str, expected: str) -> None:
    assert answer("date", text) == expected


@pytest.mark.parametrize("text", NO_DATE)
def test_no_day_is_made_of_what_is_none(text: str) -> None:
    assert answer("date", text) == INVALID


@pytest.mark.parametrize("kind", ["date", "date_of_birth"])
@pytest.mark.parametrize("text", NOTHING)
def test_what_pickers_and_databases_write_for_no_date_is_missing(kind: str, text: str) -> None:
    assert answer(kind, text) == MISSING


@pytest.mark.parametrize("kind", ["date", "date_of_birth"])
@pytest.mark.parametrize(("text", "expected"), LIKELY.items())
def test_what_was_probably_meant_is_told(kind: str, text: str, expected: str) -> None:
    assert suggestion(kind, text) == expected


@pytest.mark.parametrize(("text", "expected"), BIRTHS.items())
def test_a_birth_is_one_that_a_person_on_a_form_can_have(text: str, expected: str) -> None:
    assert answer("date_of_birth", text) == expected


def test_parts_tell_the_day_and_the_age() -> None:
    assert ask("date", "3/4/1985").parts == {"year": "1985", "month": "03", "day": "04"}
    parts = {"year": "2008", "month": "11", "day": "22", "age": "18", "adult": "true"}
    assert ask("date_of_birth", "11/22/2008").parts == parts
    assert ask("date_of_birth", "11/23/2008").parts["adult"] == "false"


def test_a_likely_birth_is_told_to_who_asks_and_is_in_no_finding() -> None:
    found = ask("date_of_birth", "478742400")
    assert found.suggestion == "1985-03-04"
    assert [fault.suggestion for fault in found.faults] == [""]


@given(st.dates(min_value=date(1907, 1, 1), max_value=TODAY - timedelta(days=14 * 366)))
def test_every_day_is_read_alike_however_it_is_written(day: date) -> None:
    canonical = answer("date_of_birth", day.isoformat())
    assert canonical in (day.isoformat(), INVALID)
    for style in ("%m/%d/%Y", "%m-%d-%Y", "%B %d, %Y", "%d %b %Y", "%Y%m%d", "%a %b %d %Y", "%Y-%m-%dT%H:%M:%SZ"):
        assert answer("date_of_birth", day.strftime(style)) == canonical, style
    if 18 < TODAY.year - day.year < 100:
        assert answer("date_of_birth", day.strftime("%m/%d/%y")) == canonical
