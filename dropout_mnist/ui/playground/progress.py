"""The progress of the visitor's run in training, with the runs that the same click asked for, and of waiting ones."""

from collections.abc import Sequence

import streamlit as st

from dropout_mnist.data.datasets import TITLES
from dropout_mnist.server.runs import Run, RunState
from dropout_mnist.ui import names
from dropout_mnist.ui.format import describe_download, epochs, plain, rough_duration
from dropout_mnist.ui.language import localize
from dropout_mnist.ui.language import translate as _
from dropout_mnist.ui.playground import share as sharing
from dropout_mnist.ui.resources import training_queue
from dropout_mnist.ui.visitor import visitor


def show(run: Run, together: Sequence[Run]) -> None:
    """Show one bar for a run and those that belong to it, and a button that stops them.

    Args:
        run: it loads its data or trains.
        together: all of them in their order, ended, active and waiting; `run` is one of them.
    """
    ended = [other for other in together if not other.active]
    share = (len(ended) + run.share_done) / len(together)
    if run.state is RunState.LOADING:
        if (download := run.download) is None:
            st.progress(share, _("Loading {title} …", title=localize(TITLES[run.config.dataset])))
        else:
            st.progress(download.done / download.total, describe_download(download))
    else:
        st.progress(share, " · ".join(_describe(run, together, len(ended) + 1)))
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(_("Stop"), icon=":material/stop:", key="stop", on_click=_stop, args=(together,))
        st.caption(
            _(
                "Training {name}. You can close the page and come back.",
                name=names.network(run.config),
            )
        )
    if run.message:
        st.caption(plain(run.message))
    sharing.show(together)


def show_waiting(run: Run, place: int) -> None:
    """Show a waiting run, its place in the queue and when it begins or continues, with a button that ends it."""
    with st.container(horizontal=True, vertical_alignment="center"):
        label = _("Stop") if run.state is RunState.PAUSED else _("Remove")
        st.button(label, icon=":material/close:", key=f"stop_{run.id}", on_click=_stop, args=([run],))
        seconds = training_queue().seconds_until(run.id)
        if run.state is RunState.PAUSED:
            st.caption(_describe_pause(run, seconds))
            return
        if not place:
            text = _("Waiting, and next in the queue: {name}", name=names.network(run.config))
        elif seconds:
            text = _(
                "Waiting, number {place} in the queue, starts in about {time}: {name}",
                place=place,
                time=rough_duration(seconds),
                name=names.network(run.config),
            )
        else:
            text = _("Waiting, number {place} in the queue: {name}", place=place, name=names.network(run.config))
        st.caption(text)


def _describe_pause(run: Run, seconds: float | None) -> str:
    text = _(
        "Paused after {done} of {epochs}, for shorter runs of others: {name}",
        done=len(run.history),
        epochs=epochs(run.config.epochs),
        name=names.network(run.config),
    )
    if not seconds:
        return text
    return f"{text} · " + _("continues in about {time}", time=rough_duration(seconds))


def _describe(run: Run, together: Sequence[Run], number: int) -> list[str]:
    parts = []
    if len(together) > 1:
        parts.append(_("Run {number} of {count}", number=number, count=len(together)))
    if run.progress is None:
        return [*parts, _("Starting …")]
    parts.append(_("Epoch {epoch} of {epochs}", epoch=run.progress.epoch, epochs=run.config.epochs))
    if run.images_per_second:
        parts.append(_("{speed} images/s", speed=f"{run.images_per_second:,.0f}"))
    if (seconds := _seconds_left(together)) is not None:
        parts.append(_("about {time} left", time=rough_duration(seconds)))
    return parts


def _seconds_left(together: Sequence[Run]) -> float | None:
    """Return how long the runs that have not ended will train; None if that is not known of all of them."""
    seconds = [run.seconds_left for run in together if run.active]
    return None if None in seconds else sum(filter(None, seconds))


def _stop(runs: Sequence[Run]) -> None:
    # From the last, so that none of those that wait begins.
    for run in reversed(runs):
        training_queue().stop(run.id, visitor())
