"""What the page about the model says was decided is what the records say."""

from tests.house.decisions import TABLE, make_table, plain


def test_the_table_holds_what_the_records_say() -> None:
    assert TABLE.read_text("utf-8") == make_table(), "run: python -m tests.house.decisions"


def test_marks_go_and_words_stay() -> None:
    assert (
        plain("**Bold**, *slanted* and `code`, Gi*,\n- as [3](x.md) says") == "Bold, slanted and code, Gi*, as 3 says"
    )
