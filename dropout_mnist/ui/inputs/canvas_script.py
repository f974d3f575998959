"""A script next to the canvas: it fits it to the page, ends every stroke, and keeps shortcuts out of text fields.

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

    // The canvas fills its container: Fabric.js converts between pixels of the page and of the canvas. The toolbar of
    // st_canvas would float over the canvas, where strokes that begin on it are lost.
    const style = new CSSStyleSheet();
    style.replaceSync(`
        .dc-root, .dc-container { width: 100% !important; max-width: none; }
        .dc-container { height: auto !important; aspect-ratio: 1; }
        .dc-container > *, canvas { width: 100% !important; height: 100% !important; }
        .dc-toolbar { display: none !important; }
    `);

    export default ({parentElement}) => {
        parentElement.stop?.abort();
        const stop = parentElement.stop = new AbortController();
        const listen = (target, type, handle) =>
            target.addEventListener(type, handle, {capture: true, passive: false, signal: stop.signal});

        const fit = () => {
            const roots = Array.from(document.querySelectorAll(".st-key-canvas *"), element => element.shadowRoot);
            const root = roots.find(root => root?.querySelector(".dc-root"));
            if (root && !root.adoptedStyleSheets.includes(style)) root.adoptedStyleSheets.push(style);
            else if (!root && !stop.signal.aborted) requestAnimationFrame(fit);
        };
        fit();

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
