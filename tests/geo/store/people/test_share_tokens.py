"""Tokens and codes of share links: their form, their checksum, and how they may be typed."""

from __future__ import annotations

import zlib

from hypothesis import given
from hypothesis import strategies as st

from geo.store.people.shares.tokens import hash_code, is_share_token, make_code, make_share_token, tidy_code


def test_they_have_their_form_and_checksum() -> None:
    tokens = {make_share_token() for _ in range(200)}
    assert len(tokens) == 200
    for token in tokens:
        assert is_share_token(token)
        assert len(token) == 53
        # worked out by another way
        number, digits = zlib.crc32(token[4:47].encode()), []
        for power in range(5, -1, -1):
            digits.append(number // 62**power % 62)
        signs = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
        assert token[47:] == "".join(signs[digit] for digit in digits)


@given(st.text(max_size=60))
def test_other_texts_are_none(text: str) -> None:
    assert not is_share_token(text)


@given(st.integers(0, 52), st.sampled_from("Aa0_-é\n%"))
def test_one_wrong_sign_is_seen(at: int, sign: str) -> None:
    token = make_share_token()
    wrong = token[:at] + sign + token[at + 1 :]
    assert is_share_token(wrong) == (wrong == token)
    assert not is_share_token(token[:at])


def test_codes_may_be_typed_as_one_likes() -> None:
    code, token = make_code(), make_share_token()
    for typed in (code, code.lower(), code.replace("-", ""), f" {code.replace('-', ' – ')} "):
        assert hash_code(token, typed) == hash_code(token, code)
    assert hash_code(make_share_token(), code) != hash_code(token, code)
    assert not set("01OILU") & set(tidy_code(code)) - {"U"}
