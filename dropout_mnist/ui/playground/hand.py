"""Learn my hand: fine-tune the model in use on the visitor's own digits, and say what that gained."""

from collections.abc import Callable
from dataclasses import dataclass, field

import streamlit as st

from dropout_mnist.adaptation.examples import make_split
from dropout_mnist.adaptation.fine_tuning import Adaptation, StoppedError, adapt
from dropout_mnist.checkpoint import Checkpoint
from dropout_mnist.data.datasets import TITLES, Split
from dropout_mnist.data.mnist_files import DownloadProgress
from dropout_mnist.server.limits import RefusedError
from dropout_mnist.server.tasks import Task
from dropout_mnist.server.worker import explain
from dropout_mnist.ui import models
from dropout_mnist.ui.language import localize
from dropout_mnist.ui.language import translate as _
from dropout_mnist.ui.playground import own_digits
from dropout_mnist.ui.resources import get_dataset, training_queue
from dropout_mnist.ui.visitor import visitor

POLL_SECONDS = 0.5

_LESSON_KEY = "lesson"
_REPORT_KEY = "lesson_report"


@dataclass
class _Lesson:
    """What the network is learning now. The training thread writes to it.

    Attributes:
        checkpoint: to start from.
        examples: the visitor's digits.
        share: that is done, from 0 to 1.
        task: in the queue.
    """

    checkpoint: Checkpoint
    examples: Split
    share: float = 0.0
    task: Task[Adaptation] | None = field(default=None, repr=False)

    def learn(self, should_stop: Callable[[], bool]) -> Adaptation:
        def report(share: float) -> None:
            self.share = share

        def report_download(progress: DownloadProgress) -> None:
            if should_stop():
                raise StoppedError("stopped")

        dataset = get_dataset(self.checkpoint.config.dataset, report_download)
        return adapt(self.checkpoint, self.examples, dataset, on_progress=report, should_stop=should_stop)


def show() -> None:
    """Show the button that teaches the network, or how far it is, and what the last time gained."""
    lesson: _Lesson | None = st.session_state.get(_LESSON_KEY)
    # Most visitors have nothing to show here, and an empty fragment after every stroke would cost time.
    if lesson is None and not own_digits.collected() and _REPORT_KEY not in st.session_state:
        return
    st.fragment(_show, run_every=POLL_SECONDS if lesson else None)(polled=lesson is not None)


def _show(polled: bool) -> None:
    lesson: _Lesson | None = st.session_state.get(_LESSON_KEY)
    if lesson is not None and lesson.task is not None and lesson.task.future.done():
        _finish(lesson)
        lesson = None
    if (lesson is not None) != polled:
        # The model has changed, and the page starts or stops polling.
        st.rerun()
    if lesson is not None:
        _show_progress(lesson)
        return
    if own_digits.collected():
        with st.container(key="hand", horizontal=True, vertical_alignment="center"):
            own_digits.show_collection()
            model = models.in_use()
            st.button(
                _("Learn my hand"),
                key="learn_hand",
                icon=":material/school:",
                type="primary",
                disabled=model is None,
                on_click=_begin,
                help=_(
                    "Fine-tunes a copy of the model in use on your digits, mixed with its training images. "
                    "It takes a few seconds. Only you can use it."
                ),
            )
    if report := st.session_state.get(_REPORT_KEY):
        kind, text = report
        with st.container(key="hand_report"):
            (st.success if kind == "learned" else st.info)(text, icon=":material/school:")


def _begin() -> None:
    model = models.in_use()
    digits = own_digits.collected()
    if model is None or not digits:
        return
    lesson = _Lesson(model.checkpoint, make_split((digit.pixels, digit.label) for digit in digits))
    try:
        lesson.task = training_queue().tasks.submit(lesson.learn, visitor())
    except RefusedError as error:
        st.session_state[_REPORT_KEY] = ("refused", localize(error))
        return
    st.session_state[_LESSON_KEY] = lesson
    st.session_state.pop(_REPORT_KEY, None)


def _show_progress(lesson: _Lesson) -> None:
    with st.container(key="learning", horizontal=True, vertical_alignment="center"):
        assert lesson.task is not None
        if lesson.share:
            text = _("Learning from your digits: {share}", share=f"{lesson.share:.0%}")
        elif lesson.task.future.running():
            text = _("Getting ready …")
        else:
            text = _("Waiting until the training in progress has finished its epoch …")
        st.progress(lesson.share, text)
        st.button(_("Stop"), key="stop_learning", icon=":material/stop:", on_click=_stop, args=(lesson,))


def _stop(lesson: _Lesson) -> None:
    if lesson.task is not None:
        lesson.task.cancel()


def _finish(lesson: _Lesson) -> None:
    """Use the new network, and report what it gained, or why there is none."""
    st.session_state.pop(_LESSON_KEY)
    assert lesson.task is not None
    future = lesson.task.future
    if future.cancelled() or isinstance(future.exception(), StoppedError):
        st.session_state[_REPORT_KEY] = ("stopped", _("Learning was stopped. Your digits are still here."))
    elif (error := future.exception()) is not None:
        st.session_state[_REPORT_KEY] = ("failed", localize(explain(error)))
    else:
        found = future.result()
        models.use_model(found.checkpoint)
        st.session_state[_REPORT_KEY] = ("learned", _describe(found))


def _describe(found: Adaptation) -> str:
    """Return what a network gained and lost."""
    title = localize(TITLES[found.checkpoint.config.dataset])
    sentences = [
        _("The network has learned from {count} of your digits, and answers now.", count=found.total)
        if found.total > 1
        else _("The network has learned from 1 of your digits, and answers now.")
    ]
    if found.right_after is None:
        sentences.append(_("Add more of them to find out whether it reads others of yours better."))
    else:
        sentences.append(
            _(
                "Before, it read {before} of the {count} right. With each of them left out while it learns, it reads "
                "{after} right.",
                before=found.right_before,
                after=found.right_after,
                count=found.total,
            )
        )
    sentences.append(
        _(
            "{title}: {before} before, {after} now.",
            title=title,
            before=f"{found.correct_before / found.test_total:.2%}",
            after=f"{found.correct_after / found.test_total:.2%}",
        )
    )
    sentences.append(_("It is kept in this session only. Download it to keep it longer."))
    return " ".join(sentences)
