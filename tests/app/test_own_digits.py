"""The visitor's own digits: collected, corrected, removed, and learned."""

import threading
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from streamlit.testing.v1 import AppTest

from dropout_mnist.adaptation.fine_tuning import StoppedError
from dropout_mnist.data.datasets import Dataset
from dropout_mnist.data.mnist_files import DownloadProgress, ReportDownload
from dropout_mnist.ui.playground import hand
from dropout_mnist.ui.playground.own_digits import MOST, OwnDigit

from .page import TIMEOUT, OpenPage, checked, mailbox, texts, wait_until
from .test_draw import ONE, SEVEN

pytestmark = pytest.mark.slow


@pytest.fixture
def open_plain(open_page: OpenPage, shipped: Path) -> Callable[[], AppTest]:
    """Open the page with a small model of the bundled digits, which need no download."""

    def open_it() -> AppTest:
        page = open_page(dataset="digits", epochs="1", train_size="300")
        checked(page.button(key="train").click().run())
        wait_until(lambda: any(shipped.glob("plain-*digits*")), "the end of the run")
        checked(page.run())
        checked(page.button(key="use_dropout").click().run())
        return page

    return open_it


def draw(page: AppTest, canvas: SimpleNamespace, lines: list[tuple[int, ...]]) -> None:
    canvas.lines = lines
    checked(page.run())


def label(page: AppTest, digit: int) -> None:
    checked(page.button(key=f"true_digit_{digit}").click().run())


def kept(page: AppTest) -> list[int]:
    """Return the labels of the collected digits."""
    digits: list[OwnDigit] = page.session_state.get("own_digits", [])
    return [digit.label for digit in digits]


def chosen(page: AppTest) -> list[str]:
    buttons = [page.button(key=f"true_digit_{digit}") for digit in range(10)]
    return [button.label for button in buttons if button.proto.type == "primary"]


def has(page: AppTest, key: str) -> bool:
    return any(button.key == key for button in page.button)


def test_nothing_is_asked_before_there_is_an_answer(open_page: OpenPage) -> None:
    page = open_page()
    assert not has(page, "true_digit_0")
    assert not has(page, "learn_hand")


def test_digit_is_kept_corrected_and_taken_back(open_page: OpenPage, canvas: SimpleNamespace) -> None:
    page = open_page()
    draw(page, canvas, SEVEN)
    assert chosen(page) == []
    label(page, 1)
    assert (kept(page), chosen(page)) == ([1], ["1"])
    label(page, 7)
    assert (kept(page), chosen(page)) == ([7], ["7"])
    label(page, 7)
    assert (kept(page), chosen(page)) == ([], [])


def test_label_follows_a_drawing_whose_last_stroke_came_later(open_page: OpenPage, canvas: SimpleNamespace) -> None:
    page = open_page()
    draw(page, canvas, SEVEN[:1])
    label(page, 7)
    before = page.session_state["own_digits"][0].pixels
    draw(page, canvas, SEVEN)
    assert chosen(page) == ["7"]
    [digit] = page.session_state["own_digits"]
    assert not digit.shows(before)


def test_digit_on_a_cleared_canvas_is_another_one(open_page: OpenPage, canvas: SimpleNamespace) -> None:
    page = open_page()
    draw(page, canvas, SEVEN[:1])
    label(page, 7)
    draw(page, canvas, [])
    draw(page, canvas, SEVEN)
    assert (kept(page), chosen(page)) == ([7], [])


def test_digits_are_removed_one_by_one_or_together(open_page: OpenPage, canvas: SimpleNamespace) -> None:
    page = open_page()
    for lines, digit in ((ONE, 1), (SEVEN, 7), ([*ONE, *SEVEN], 9)):
        draw(page, canvas, [])
        draw(page, canvas, lines)
        label(page, digit)
    assert kept(page) == [1, 7, 9]
    checked(page.button(key="remove_own_digit_1").click().run())
    assert kept(page) == [1, 9]
    checked(page.button(key="remove_own_digits").click().run())
    assert kept(page) == []
    assert not has(page, "learn_hand")


def test_oldest_digits_make_room(open_page: OpenPage, canvas: SimpleNamespace) -> None:
    page = open_page()
    draw(page, canvas, SEVEN)
    pixels = mailbox(page)  # the page has an answer
    assert pixels
    label(page, 7)
    [digit] = page.session_state["own_digits"]
    page.session_state["own_digits"] = [OwnDigit(digit.pixels ^ number, 3) for number in range(1, MOST + 1)]
    checked(page.run())
    label(page, 8)
    assert len(kept(page)) == MOST
    assert kept(page)[-1] == 8


def test_network_learns_the_hand_and_answers(
    open_plain: Callable[[], AppTest], canvas: SimpleNamespace, shipped: Path
) -> None:
    page = open_plain()
    files = sorted(path.name for path in shipped.glob("*"))
    for lines, digit in ((ONE, 1), (SEVEN, 7), ([*ONE, *SEVEN], 9)):
        draw(page, canvas, [])
        draw(page, canvas, lines)
        label(page, digit)
    assert "3 of your digits" in [block.proto.popover.label for block in page.get("popover")]
    checked(page.button(key="learn_hand").click().run())
    learned = "The network has learned from 3 of your digits, and answers now."
    wait_until(lambda: learned in texts(checked(page.run())), "the report")
    assert "scikit-learn's bundled digits: " in texts(page)
    assert "learned 3 own digits" in next(iter(page.selectbox(key="model_choice").options[-1:]))
    assert page.selectbox(key="model_choice").value == page.session_state["model_choice"]
    assert len(page.session_state["session_checkpoints"]) == 1
    # Nothing was written where others would find it.
    assert sorted(path.name for path in shipped.glob("*")) == files


def test_learning_can_be_stopped_while_its_data_set_is_downloaded(
    open_plain: Callable[[], AppTest], canvas: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = open_plain()
    draw(page, canvas, SEVEN)
    label(page, 7)
    began, goes_on = threading.Event(), threading.Event()

    def download(name: str, report: ReportDownload) -> Dataset:
        progress = DownloadProgress("train-images", "train-images is missing", "a mirror", 1, 2)
        for _ in range(TIMEOUT * 20):
            report(progress)
            began.set()
            goes_on.wait(0.05)
        raise AssertionError("the download was not stopped")

    monkeypatch.setattr(hand, "get_dataset", download)
    checked(page.button(key="learn_hand").click().run())
    assert began.wait(TIMEOUT)
    checked(page.run())
    checked(page.button(key="stop_learning").click().run())
    wait_until(lambda: "Learning was stopped. Your digits are still here." in texts(checked(page.run())), "the end")


def test_learning_can_be_stopped_and_fail(
    open_plain: Callable[[], AppTest], canvas: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = open_plain()
    draw(page, canvas, SEVEN)
    label(page, 7)
    for error, text in (
        (StoppedError("stopped"), "Learning was stopped. Your digits are still here."),
        (MemoryError("none"), "There is not enough memory"),
    ):

        def fail(*arguments: object, error: Exception = error, **options: object) -> None:
            raise error

        monkeypatch.setattr(hand, "adapt", fail)
        checked(page.button(key="learn_hand").click().run())
        wait_until(lambda text=text: text in texts(checked(page.run())), "the report")  # type: ignore[misc]
        assert kept(page) == [7]
        assert has(page, "learn_hand")
