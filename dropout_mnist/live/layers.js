// Show a hidden layer as a grid of units, brighter the more active they are, and tell which unit is pointed at.

import {setText} from "./format.js";

// The colors of a unit by its activation, of one dropped by a mask, and of one dropped by hand: the same on light and
// dark pages, because the grid is black like the canvas.
const RAMP = [[38, 50, 66], [41, 121, 185], [134, 205, 247], [255, 255, 255]];
const DROPPED = color([15, 18, 24]);
const REMOVED = color([132, 52, 24]);

// Cells per unit of brightness, from 0 to 1.
const SHADES = Uint32Array.from({length: 256}, (_, level) => {
    const position = level / 255 * (RAMP.length - 1), low = Math.min(Math.floor(position), RAMP.length - 2);
    return color(RAMP[low].map((from, channel) => from + (RAMP[low + 1][channel] - from) * (position - low)));
});

/** Return the pixel of a color, in the order of ImageData's bytes. */
function color([red, green, blue]) {
    return new Uint32Array(Uint8ClampedArray.of(red, green, blue, 255).buffer)[0];
}

/**
 * Create the grid of a layer.
 *
 * number: of the hidden layer, from 0; size: its number of units; label: names it.
 * inspect(number, unit): is called when a unit is pointed at, tapped, or reached with the arrow keys.
 * toggle(number, unit): is called when a unit is clicked, or Enter or the space bar is pressed on it.
 * Returns {element, draw, select, describe}.
 */
export function createLayer(number, size, label, inspect, toggle) {
    // Twice as wide as high, or nearly, and a power of two so that units are whole pixels.
    const columns = 2 ** Math.max(0, Math.round(Math.log2(Math.sqrt(2 * size)))), rows = Math.ceil(size / columns);
    const element = document.createElement("figure");
    element.className = "live-layer";
    element.innerHTML = `
        <div class="live-units" role="slider" tabindex="0" aria-valuemin="1" aria-valuenow="1">
            <canvas></canvas><span class="live-marker" hidden></span>
        </div>
        <figcaption><b></b><span></span></figcaption>`;
    const [units, caption] = element.children, [canvas, marker] = units.children, [title, numbers] = caption.children;
    units.ariaLabel = title.textContent = label;
    units.ariaValueMax = size;
    units.style.setProperty("--columns", columns);
    units.style.setProperty("--rows", rows);
    Object.assign(canvas, {width: columns, height: rows});
    const context = canvas.getContext("2d");
    const image = context.createImageData(columns, rows);
    const cells = new Uint32Array(image.data.buffer);
    let selected = 0;

    const unitAt = event => {
        const box = canvas.getBoundingClientRect();
        const place = (position, start, length, count) =>
            Math.min(Math.max(Math.floor((position - start) / length * count), 0), count - 1);
        const column = place(event.clientX, box.left, box.width, columns);
        return Math.min(place(event.clientY, box.top, box.height, rows) * columns + column, size - 1);
    };
    units.addEventListener("pointermove", event => event.pointerType === "mouse" && inspect(number, unitAt(event)));
    units.addEventListener("click", event => {
        inspect(number, unitAt(event));
        // A finger looks before it drops: the panel has a button for that.
        if (event.pointerType !== "touch") toggle(number, unitAt(event));
    });
    const moves = {ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns, Home: -size, End: size};
    units.addEventListener("keydown", event => {
        if (event.key in moves) inspect(number, Math.min(Math.max(selected + moves[event.key], 0), size - 1));
        else if (event.key === "Enter" || event.key === " ") toggle(number, selected);
        else return;
        event.preventDefault();
    });
    units.addEventListener("focus", () => units.matches(":focus-visible") && inspect(number, selected));

    return {
        element,
        /** Draw activations, with a text; `mask` and `kept` are 0 for units dropped at all, and by hand. Without activations, units are inactive. */
        draw(activations, mask, kept, text) {
            setText(numbers, text);
            const largest = activations?.reduce((most, value) => Math.max(most, value), 1e-6);
            for (let unit = 0; unit < size; unit++) {
                if (!kept[unit]) cells[unit] = REMOVED;
                else if (!mask[unit]) cells[unit] = DROPPED;
                // The root makes weak activations visible.
                else cells[unit] = SHADES[activations ? Math.round(255 * Math.sqrt(activations[unit] / largest)) : 0];
            }
            context.putImageData(image, 0, 0);
        },
        /** Mark a unit, null for none. */
        select(unit) {
            marker.hidden = unit === null;
            if (unit === null) return;
            selected = unit;
            units.ariaValueNow = unit + 1;
            marker.style.setProperty("--column", unit % columns);
            marker.style.setProperty("--row", Math.floor(unit / columns));
        },
        /** Describe the marked unit to those who do not see it. */
        describe(text) {
            units.ariaValueText = text;
        },
    };
}
