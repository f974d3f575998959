"""The password of a server's owner, with a clock that the test sets."""

import pytest

from dropout_mnist.server.password import MAX_WRONG, SECONDS, VARIABLE, Password, TooManyTriesError

from .clock import Clock


def test_password_is_accepted_and_others_are_not() -> None:
    password = Password("비밀 word")
    assert password.accepts("비밀 word")
    assert not any(password.accepts(text) for text in ("", "비밀", "비밀 word ", "비밀 Word"))


def test_wrong_tries_are_limited_and_the_right_one_is_not_compared_meanwhile() -> None:
    clock = Clock()
    password = Password("secret", clock)
    for _ in range(MAX_WRONG):
        assert not password.accepts("wrong")
        clock.now += 1
    with pytest.raises(TooManyTriesError, match=f"try again in {SECONDS - MAX_WRONG:.0f} s"):
        password.accepts("secret")
    clock.now = 1_000 + SECONDS
    assert password.accepts("secret")
    assert not password.accepts("wrong")
    with pytest.raises(TooManyTriesError):
        password.accepts("wrong")


def test_right_tries_are_not_counted() -> None:
    password = Password("secret", Clock())
    assert all(password.accepts("secret") for _ in range(3 * MAX_WRONG))


def test_password_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "")
    assert Password.from_environment() is None
    monkeypatch.setenv(VARIABLE, "secret")
    password = Password.from_environment()
    assert password is not None
    assert password.accepts("secret")
