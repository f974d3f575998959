"""Texts that the page can translate."""

import copy
import pickle

import pytest

from dropout_mnist.config import TrainConfig
from dropout_mnist.messages.message import Message, message_of
from dropout_mnist.ui import language
from dropout_mnist.ui.language import localize

MISSING = Message("{name} is missing", name="t10k-labels")


@pytest.fixture
def korean(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(language, "language", lambda: "ko")


def test_a_message_is_its_english_text() -> None:
    assert MISSING == "t10k-labels is missing"
    assert str(ValueError(MISSING)) == "t10k-labels is missing"
    assert Message("{no values}") == "{no values}"


def test_values_are_formatted() -> None:
    assert Message("{count:,} of {share:.1%}", count=1000, share=0.5) == "1,000 of 50.0%"


@pytest.mark.parametrize("again", [copy.deepcopy, lambda message: pickle.loads(pickle.dumps(message))])  # noqa: S301
def test_a_copy_can_be_translated(again, korean: None) -> None:  # type: ignore[no-untyped-def]
    assert again(MISSING) == MISSING
    assert localize(again(MISSING)) == localize(MISSING) == "t10k-labels 파일이 없습니다"


def test_messages_within_messages_are_translated(korean: None) -> None:
    outer = Message("The run failed: {kind}: {error}", kind="DataError", error=MISSING)
    assert localize(outer) == "학습이 실패했습니다: DataError: t10k-labels 파일이 없습니다"
    listed = Message.list("; ", [MISSING, "Ctrl-C", Message("could not be reached")])
    assert listed == "t10k-labels is missing; Ctrl-C; could not be reached"
    assert localize(listed) == "t10k-labels 파일이 없습니다; Ctrl-C; 연결할 수 없음"


def test_an_error_is_translated_by_its_message(korean: None) -> None:
    with pytest.raises(ValueError, match="drop_prob must be a number from 0 to ") as error:
        TrainConfig(drop_prob=2)
    assert localize(error.value).startswith("drop_prob: 0에서 ")
    assert localize(OSError(2, "No such file")) == "[Errno 2] No such file"
    assert message_of(KeyError("name")) == "'name'"


def test_other_texts_stay_as_they_are(korean: None) -> None:
    assert localize("t10k-labels is missing") == "t10k-labels is missing"
