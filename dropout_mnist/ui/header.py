"""The first row of every page: the pages as tabs, the link to what is seen, the language and the view."""

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from dropout_mnist.ui import address, clicks, copy_link, navigation, page_language, style
from dropout_mnist.ui.language import LANGUAGES, language
from dropout_mnist.ui.language import PARAMETER as LANGUAGE
from dropout_mnist.ui.language import translate as _

# In the address: `?view=presentation` has a larger canvas and larger text, for a projector.
VIEW, PRESENTATION = "view", "presentation"
PARAMETERS = (LANGUAGE, VIEW)

_LANGUAGE_KEY, _PRESENTATION_KEY = "language", "presentation"


def show(current: StreamlitPage) -> None:
    """Show the row for the current page, and apply the style of the chosen view."""
    presentation = st.query_params.get(VIEW) == PRESENTATION
    style.apply(presentation)
    if st.context.is_embedded and address.EXPERIMENT in st.query_params:
        # A frame in another page shows an experiment alone.
        return
    # The address is what counts: it can change by a link, or by the browser's back button.
    st.session_state[_LANGUAGE_KEY], st.session_state[_PRESENTATION_KEY] = language(), presentation
    with st.container(key="header", horizontal=True, vertical_alignment="center", gap="small"):
        with st.container(key="tabs", horizontal=True, gap=None, width="stretch"):
            kept = {name: st.query_params[name] for name in PARAMETERS if name in st.query_params}
            for page in (navigation.PLAYGROUND, navigation.LAB):
                key = "current_tab" if _(page.title) == current.title else f"{page.url_path}_tab"
                with st.container(key=key, width="content"):
                    page.link(_(page.title), kept | address.of_page(page.url_path))
        copy_link.show()
        with st.popover(_("View"), icon=":material/language:", key="view_menu"):
            st.radio(
                _("Language"),
                list(LANGUAGES),
                format_func=LANGUAGES.__getitem__,
                key=_LANGUAGE_KEY,
                on_change=_set_language,
            )
            st.toggle(
                _("Presentation"),
                key=_PRESENTATION_KEY,
                on_change=_set_view,
                help=_("A larger canvas and larger text, for a projector."),
            )


def run_scripts() -> None:
    """Run the scripts that every page needs; call it after all that is seen, which their places would push down."""
    clicks.watch()
    page_language.tell()


def _set_language() -> None:
    st.query_params[LANGUAGE] = st.session_state[_LANGUAGE_KEY]


def _set_view() -> None:
    if st.session_state[_PRESENTATION_KEY]:
        st.query_params[VIEW] = PRESENTATION
    else:
        st.query_params.pop(VIEW, None)
