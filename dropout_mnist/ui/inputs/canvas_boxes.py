"""Boxes around the digits of a drawing, over the canvas."""

from collections.abc import Sequence

import streamlit as st

# Left, top, right and bottom, as shares of the canvas; what the digit is read as; whether that is sure.
Box = tuple[tuple[float, float, float, float], str, bool]

_STYLE = """<style>
.st-key-canvas { position: relative; }
.st-key-canvas > .stElementContainer { isolation: isolate; }
.st-key-canvas > .digit-boxes {
    position: absolute; inset: 0; z-index: 1; width: 100%; height: 100%; pointer-events: none;
}
.digit-boxes rect { fill: none; stroke: #56b4e9; vector-effect: non-scaling-stroke; stroke-width: 2px; }
.digit-boxes text { fill: #56b4e9; font: bold 8px sans-serif; }
.st-key-canvas_boxes { position: absolute; width: 0; }
</style>"""

_draw = st.components.v2.component(
    "dropout_mnist.canvas_boxes",
    js="""
    const SVG = "http://www.w3.org/2000/svg";
    const create = (name, attributes) => {
        const element = document.createElementNS(SVG, name);
        for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
        return element;
    };

    export default ({data}) => {
        const canvas = document.querySelector(".st-key-canvas");
        canvas?.querySelector(".digit-boxes")?.remove();
        // The sentence below the panel says the same.
        const drawing = create("svg", {class: "digit-boxes", viewBox: "0 0 100 100", "aria-hidden": true});
        for (const [[left, top, right, bottom], digit, isSure] of data.boxes) {
            const frame = {x: left * 100, y: top * 100, width: (right - left) * 100, height: (bottom - top) * 100};
            drawing.append(create("rect", isSure ? frame : {...frame, "stroke-dasharray": "4 4"}));
            // Below the box, or within it at the lower edge.
            const text = create("text", {x: left * 100 + 1, y: Math.min(bottom * 100 + 8, 98)});
            text.textContent = isSure ? digit : `${digit}?`;
            drawing.append(text);
        }
        canvas?.append(drawing);
        return () => drawing.remove();
    };
    """,
)


def show(boxes: Sequence[Box]) -> None:
    """Show boxes over the canvas as long as this is called; one that is not sure is dashed and has a question mark."""
    st.html(_STYLE)
    _draw(key="canvas_boxes", data={"boxes": boxes})
