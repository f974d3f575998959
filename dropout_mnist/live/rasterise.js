// Turn strokes into the network's input, like read_strokes in preprocessing/drawing.py, which explains the steps.

export const IMAGE_SIZE = 28;
const BOX_SIZE = 20;
const PEN_WIDTH = 2.6;
const SOFTNESS = 0.5;

/**
 * Return 28 x 28 pixels, a Uint8Array from 0 for background to 255 for ink, or null if there are no strokes.
 * A stroke is {points: [x0, y0, x1, y1, ...], width}, in the canvas's pixels.
 */
export function rasterise(strokes) {
    if (!strokes.length) return null;
    const {segments, width, height} = fitToBox(strokes);
    const coverage = cover(segments, 0, 0);
    let mass = 0, column = 0, row = 0;
    coverage.forEach((ink, index) => {
        mass += ink;
        column += ink * (index % IMAGE_SIZE);
        row += ink * Math.floor(index / IMAGE_SIZE);
    });
    // The center of mass goes to the middle, unless ink would leave the image.
    const left = clamp(IMAGE_SIZE / 2 - column / mass, 0, IMAGE_SIZE - width);
    const top = clamp(IMAGE_SIZE / 2 - row / mass, 0, IMAGE_SIZE - height);
    return Uint8Array.from(cover(segments, left, top), ink => Math.floor(ink * 255 + 0.5));
}

/** Scale the strokes so that the pen's ink fills a 20 x 20 box: segments [x0, y0, x1, y1], and their ink's extent. */
function fitToBox(strokes) {
    const low = [Infinity, Infinity], high = [-Infinity, -Infinity];
    for (const {points} of strokes) {
        points.forEach((value, index) => {
            low[index % 2] = Math.min(low[index % 2], value);
            high[index % 2] = Math.max(high[index % 2], value);
        });
    }
    const extent = Math.max(high[0] - low[0], high[1] - low[1]);
    // A drawing much smaller than the pen's width is a dot, even if the hand trembled.
    const isDot = extent < Math.max(...strokes.map(stroke => stroke.width)) / 2;
    const factor = isDot ? 0 : (BOX_SIZE - PEN_WIDTH) / extent;
    const fit = (value, axis) => (value - low[axis]) * factor + PEN_WIDTH / 2;
    const segments = [];
    for (const {points} of strokes) {
        const last = Math.max(points.length - 2, 2);
        for (let start = 0; start < last; start += 2) {
            const end = Math.min(start + 2, points.length - 2);
            segments.push([fit(points[start], 0), fit(points[start + 1], 1), fit(points[end], 0), fit(points[end + 1], 1)]);
        }
    }
    return {segments, width: fit(high[0], 0) + PEN_WIDTH / 2, height: fit(high[1], 1) + PEN_WIDTH / 2};
}

/** Return how far each pixel is covered by a pen that follows the segments, shifted: a Float64Array from 0 to 1. */
function cover(segments, left, top) {
    const nearest = new Float64Array(IMAGE_SIZE * IMAGE_SIZE).fill(Infinity);
    const reach = PEN_WIDTH / 2 + SOFTNESS + 0.5;
    for (const segment of segments) {
        const x0 = segment[0] + left, y0 = segment[1] + top, x1 = segment[2] + left, y1 = segment[3] + top;
        const dx = x1 - x0, dy = y1 - y0, square = Math.max(dx * dx + dy * dy, 1e-12);
        const firstColumn = Math.max(Math.floor(Math.min(x0, x1) - reach), 0);
        const lastColumn = Math.min(Math.ceil(Math.max(x0, x1) + reach), IMAGE_SIZE - 1);
        const firstRow = Math.max(Math.floor(Math.min(y0, y1) - reach), 0);
        const lastRow = Math.min(Math.ceil(Math.max(y0, y1) + reach), IMAGE_SIZE - 1);
        for (let row = firstRow; row <= lastRow; row++) {
            const down = row + 0.5 - y0;
            for (let column = firstColumn; column <= lastColumn; column++) {
                const right = column + 0.5 - x0;
                const along = clamp((right * dx + down * dy) / square, 0, 1);
                const distance = (right - along * dx) ** 2 + (down - along * dy) ** 2;
                const index = row * IMAGE_SIZE + column;
                if (distance < nearest[index]) nearest[index] = distance;
            }
        }
    }
    return nearest.map(square => clamp((PEN_WIDTH / 2 + SOFTNESS - Math.sqrt(square)) / (2 * SOFTNESS), 0, 1));
}

function clamp(value, low, high) {
    return Math.min(Math.max(value, low), high);
}
