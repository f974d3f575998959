"""Numbers, and texts from outside, as the page shows them."""

from dropout_mnist.data.mnist_files import DownloadProgress

_MARKDOWN = frozenset(r"\`*_{}[]()<>#+-.!|$~:")


def plain(text: object) -> str:
    """Return Markdown that shows a text literally: file names, URLs and messages may hold anything."""
    return "".join(f"\\{letter}" if letter in _MARKDOWN else letter for letter in " ".join(str(text).split()))


def percent(prob: float) -> str:
    """Round a probability for reading; a network is never quite sure."""
    return "> 99.9%" if prob > 0.9995 else f"{prob:.1%}"


def epochs(number: int) -> str:
    """Say how many epochs."""
    return "1 epoch" if number == 1 else f"{number:,} epochs"


def duration(seconds: float) -> str:
    """Say a time in minutes and seconds."""
    minutes, seconds = divmod(round(seconds), 60)
    return f"{minutes} min {seconds:02d} s" if minutes else f"{seconds} s"


def describe_download(download: DownloadProgress) -> str:
    """Say what is downloaded, why, from where, and how far it is."""
    return (
        f"{plain(download.reason)}: downloading it from {plain(download.mirror)}, "
        f"{download.done / 1e6:.1f} of {download.total / 1e6:.1f} MB"
    )
