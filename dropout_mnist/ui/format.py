"""Format numbers, and texts from outside, for the page."""

from dropout_mnist.data.mnist_files import DownloadProgress
from dropout_mnist.ui.language import localize
from dropout_mnist.ui.language import translate as _

_MARKDOWN = frozenset(r"\`*_{}[]()<>#+-.!|$~:")


def plain(text: object) -> str:
    """Escape a text for Markdown, in the visitor's language: file names, URLs and messages may contain anything."""
    return "".join(f"\\{letter}" if letter in _MARKDOWN else letter for letter in " ".join(localize(text).split()))


def percent(prob: float) -> str:
    """Format a probability; close to 1 as "> 99.9%" and to 0 as "< 0.1%", since a network is never quite certain."""
    if prob > 0.9995:
        return "> 99.9%"
    return f"{prob:.1%}" if prob >= 0.0005 else "< 0.1%"


def epochs(number: int) -> str:
    """Format a number of epochs."""
    return _("1 epoch") if number == 1 else _("{number} epochs", number=f"{number:,}")


def duration(seconds: float) -> str:
    """Format a time in seconds, in minutes and seconds, or in hours and minutes."""
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return _("{hours} h {minutes:02d} min", hours=hours, minutes=minutes)
    if minutes:
        return _("{minutes} min {seconds:02d} s", minutes=minutes, seconds=seconds)
    return _("{seconds} s", seconds=seconds)


def rough_duration(seconds: float) -> str:
    """Format an estimated time, with no more digits than it deserves."""
    if seconds < 60:
        step = 1 if seconds < 10 else 5
        return _("{seconds} s", seconds=max(1, round(seconds / step)) * step)
    if seconds < 3_600:
        return _("{minutes} min", minutes=round(seconds / 60))
    return duration(round(seconds / 600) * 600)


def describe_download(download: DownloadProgress) -> str:
    """Describe a download: the reason, the mirror and the progress."""
    return _(
        "{reason}. Downloading it from {mirror}, {done} of {total} MB.",
        reason=plain(download.reason),
        mirror=plain(download.mirror),
        done=f"{download.done / 1e6:.1f}",
        total=f"{download.total / 1e6:.1f}",
    )
