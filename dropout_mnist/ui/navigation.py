"""The application's pages: their titles, icons and addresses, for the navigation and for links between pages.

Streamlit identifies a page by its address, and a link needs nothing else of it. So pages can link to each other
without importing each other.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from dropout_mnist.ui.language import mark
from dropout_mnist.ui.language import translate as _


@dataclass(frozen=True)
class AppPage:
    """A page of the application.

    Attributes:
        title: in English, on the page's tab in the header and in the browser's tab.
        icon: next to the title.
        url_path: the page's address, below the application's own.
        is_default: whether the page is served at the application's own address instead.
    """

    title: str
    icon: str
    url_path: str
    is_default: bool = False

    def for_navigation(self, show: Callable[[], None]) -> StreamlitPage:
        """Return the page for `st.navigation`, which calls `show` to display it."""
        return st.Page(show, title=_(self.title), icon=self.icon, url_path=self.url_path, default=self.is_default)

    def link(self, label: str, parameters: Mapping[str, str] | None = None, icon: str | None = None) -> None:
        """Show a link to the page; `parameters` become part of its address."""
        st.page_link(self.for_navigation(_show_nothing), label=label, icon=icon, query_params=parameters)


def _show_nothing() -> None:
    """Fill the place of a page's function in a link, which never calls it."""


PLAYGROUND = AppPage(mark("Playground"), ":material/draw:", "playground", is_default=True)
LAB = AppPage(mark("Dropout lab"), ":material/science:", "lab")
