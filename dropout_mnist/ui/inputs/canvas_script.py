"""A script next to the canvas: it ends every stroke, disables hidden buttons, and keeps shortcuts out of text fields.

`st_canvas` waits for a mouse-up or touch-end that the browser may never send. A disabled button swallows it, a context
menu too, and a touch can be canceled.
"""

import streamlit as st

_run = st.components.v2.component(
    "dropout_mnist.canvas_script",
    js="""
    const isOnCanvas = event => {
        const target = event.composedPath()[0];
        return target instanceof HTMLCanvasElement && Boolean(target.getRootNode().host?.closest(".st-key-canvas"));
    };
    const isTextField = element => element.isContentEditable || element.matches?.(
        "textarea, input:not([type=range], [type=radio], [type=checkbox], [type=button], [type=file])");

    export default ({parentElement}) => {
        parentElement.stop?.abort();
        const stop = parentElement.stop = new AbortController();
        const listen = (target, type, handle) =>
            target.addEventListener(type, handle, {capture: true, passive: false, signal: stop.signal});

        // The toolbar of the canvas is clipped, so that it must not take focus either.
        const disableToolbar = () => {
            const roots = Array.from(document.querySelectorAll(".st-key-canvas *"), element => element.shadowRoot);
            const toolbar = roots.map(root => root?.querySelector(".dc-toolbar")).find(Boolean);
            if (toolbar) toolbar.inert = true;
            else if (!stop.signal.aborted) requestAnimationFrame(disableToolbar);
        };
        disableToolbar();

        let pointer = null;  // draws the current stroke
        const endStroke = ({clientX, clientY}) => {
            if (pointer === null) return;
            pointer = null;
            document.dispatchEvent(new MouseEvent("mouseup", {clientX, clientY, view: window}));
        };
        listen(document, "pointerdown", event => {
            if (event.pointerType === "touch" || event.button !== 0 || !isOnCanvas(event)) return;
            pointer = event.pointerId;
            // The canvas gets the release, whatever is under the pointer then.
            event.composedPath()[0].setPointerCapture(pointer);
        });
        listen(document, "lostpointercapture", event => event.pointerId === pointer && endStroke(event));
        listen(document, "pointermove", event =>
            event.pointerId === pointer && !(event.buttons & 1) && endStroke(event));
        listen(document, "contextmenu", endStroke);
        listen(document, "mousedown", event => {
            if (event.button === 0) return;
            endStroke(event);
            // Releasing another button would end the listening for the left one.
            if (isOnCanvas(event)) event.stopPropagation();
        });
        listen(document, "touchcancel", event => isOnCanvas(event) && document.dispatchEvent(
            new TouchEvent("touchend", {changedTouches: [...event.changedTouches], touches: [...event.touches]})));

        listen(window, "keydown", event => {
            const key = event.key?.toLowerCase();
            if (!(event.ctrlKey || event.metaKey) || (key !== "z" && key !== "y")) return;
            // A text field has its own undo. Streamlit would press the page's button.
            if (isTextField(event.composedPath()[0])) event.stopImmediatePropagation();
            else if (key === "z" && event.shiftKey) {
                event.preventDefault();
                document.querySelector(".st-key-redo button")?.click();
            }
        });
        return () => stop.abort();
    }
    """,
)


def show() -> None:
    """Run the script as long as the canvas is on the page."""
    _run(key="canvas_script")
