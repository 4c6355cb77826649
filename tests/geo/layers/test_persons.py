"""Personal identity numbers are found in any spelling, and never come back in a message.

The numbers are the Tax Agency's published examples; nobody bears them.
"""

from __future__ import annotations

import pandas as pd
import pytest

import geo
from geo.errors import SchemaError
from geo.layers.persons import hide_personal_numbers, holds_personal_number
from geo.layers.registry import LAYERS
from tests.frames import make_frame, make_workplace

EXAMPLES = ["640823-3234", "6408233234", "196408233234", "19640823-3234", "19640823 3234", "64-08-23-3234",
            "640823\u20133234", "\uff16\uff14\uff10\uff18\uff12\uff13-3234", "701063-2391", "640823+3234",
            "pnr640823-3234", "640823-3234b", "640823 32 34"]  # fmt: skip
INNOCENT = ["640823-3235", "556016-0680", "165560160680", "12345678", "3940006133000", "0114", "Väg 705",
            "070-123 45 67", "2026-07-15", "CRS3006RES1000mN7072000E759000", "W-6408233234ab",
            "ab640823-3234-4c1d-8a6e-3f2b1c0d9e8f",
            "643523-3234", "", "E4, 2017–2019"]  # fmt: skip


@pytest.mark.parametrize("number", EXAMPLES)
@pytest.mark.parametrize("around", ["{}", "Anna Andersson {}", "firma ({}), Umeå"])
def test_a_personal_number_is_found_and_hidden(number: str, around: str) -> None:
    text = around.format(number)
    assert holds_personal_number(pd.Series([text])).all()
    hidden = hide_personal_numbers(text)
    assert "3234" not in hidden
    assert "2391" not in hidden
    assert not holds_personal_number(pd.Series([hidden])).any()


@pytest.mark.parametrize("text", INNOCENT)
def test_other_numbers_pass_unchanged(text: str) -> None:
    assert not holds_personal_number(pd.Series([text])).any()
    assert hide_personal_numbers(text) == text


def test_missing_text_holds_nothing() -> None:
    assert holds_personal_number(pd.Series([None, "640823-3234"], dtype="str")).tolist() == [False, True]


@pytest.mark.parametrize("column", ["workplace_id", "name"])
def test_a_frame_with_one_is_refused_without_repeating_it(column: str) -> None:
    frame = make_frame([make_workplace(1), make_workplace(2, employees=-5.0)])
    frame[column] = ["Bygg 1", "Anna 640823-3234"]
    with pytest.raises(SchemaError) as caught:
        geo.validate(LAYERS["workplaces"], frame)
    message = str(caught.value)
    assert f"{column}: holds a personal identity number" in message
    assert "row 2" in message
    assert "employees" in message
    assert "3234" not in message + "".join(caught.value.failures)
