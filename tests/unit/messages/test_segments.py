"""What a text costs is counted as the networks count it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.routing.messages.segments import Size, plain, size_of


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("", Size("gsm-7", 0, 0)),
        ("a" * 160, Size("gsm-7", 160, 1)),
        ("a" * 161, Size("gsm-7", 161, 2)),
        ("a" * 306, Size("gsm-7", 306, 2)),
        ("a" * 307, Size("gsm-7", 307, 3)),
        # Signs of the extension take two septets, and are never cut in half: 152 + 2 do not fit into 153.
        ("€" * 80, Size("gsm-7", 160, 1)),
        ("€" * 81, Size("gsm-7", 162, 2)),
        ("€" * 152, Size("gsm-7", 304, 2)),
        ("€" * 153, Size("gsm-7", 306, 3)),
        ("ж" * 70, Size("ucs-2", 70, 1)),
        ("ж" * 71, Size("ucs-2", 71, 2)),
        ("ж" * 134, Size("ucs-2", 134, 2)),
        # A sign beyond the first plane is two units; 33 of them and half of one do not fit into 67.
        ("🚗" * 35, Size("ucs-2", 70, 1)),
        ("🚗" * 66, Size("ucs-2", 132, 2)),
        ("🚗" * 67, Size("ucs-2", 134, 3)),
        ("one ç spoils it" + "a" * 140, Size("ucs-2", 155, 3)),
    ],
)
def test_units_and_segments_are_those_of_the_standard(text: str, size: Size) -> None:
    assert size_of(text) == size


@given(st.text(max_size=400))
def test_more_text_never_takes_fewer_segments(text: str) -> None:
    assert size_of(text).segments <= size_of(text + "a").segments


def test_typographic_signs_do_not_double_the_price() -> None:
    assert plain("“Ann’s” offer – 5.49 % …\u00a0now") == '"Ann\'s" offer - 5.49 % ... now'
    assert size_of(plain("Ann’s offer – now")).encoding == "gsm-7"
