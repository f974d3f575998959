"""Share runs: a link and a QR code with which others can follow them."""

from collections.abc import Sequence
from functools import lru_cache
from urllib.parse import urlencode, urlsplit

import segno
import streamlit as st

from dropout_mnist.server.runs import Run
from dropout_mnist.ui.language import translate as _
from dropout_mnist.ui.playground.follow import PARAMETER
from dropout_mnist.ui.resources import training_queue

# In a lecture hall it is photographed from the last row.
_QR_SIZE = 320
_THIS_COMPUTER = ("localhost", "127.0.0.1", "::1")


def show(runs: Sequence[Run]) -> None:
    """Show a switch that shows a link and a QR code for these runs."""
    # Not a popover, which would cut the code off where there is little room on the screen.
    if not st.toggle(_("Share this run"), key="share"):
        return
    address = urlsplit(st.context.url or "")
    query = urlencode({PARAMETER: training_queue().share([run.id for run in runs])})
    link = address._replace(path=address.path or "/", query=query).geturl()
    code, text = st.columns([1, 2], gap="medium", vertical_alignment="center")
    code.image(qr_code(link), width=_QR_SIZE, alt=_("QR code of the link"))
    with text:
        st.caption(_("Whoever opens this link sees the curves live, and can use the network when it is trained."))
        st.code(link, language=None, wrap_lines=True)
        if address.hostname in _THIS_COMPUTER:
            st.warning(
                _(
                    "This link works on this computer only. To share with others, open the page under the network "
                    "address that Streamlit shows in the terminal."
                ),
                icon=":material/wifi_off:",
            )


@lru_cache(maxsize=100)
def qr_code(link: str) -> str:
    """Return the QR code of a link as SVG, black on white in dark pages, too."""
    return segno.make(link, error="m", micro=False).svg_inline(border=4, light="white", omitsize=True)
