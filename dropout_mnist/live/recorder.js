// Record the pen on a canvas as strokes, while it moves.

// In the canvas's pixels: points nearer to each other are one.
const NEAR = 0.4;

/** Return the points that Fabric.js, which draws the canvas, keeps of a stroke: not the last but one, for example. */
function settle(points) {
    const kept = points.slice(0, 2), last = points.length - 2;
    for (let index = 2; index < last - 2; index += 2) {
        if (Math.hypot(points[index] - kept.at(-2), points[index + 1] - kept.at(-1)) >= NEAR) {
            kept.push(points[index], points[index + 1]);
        }
    }
    if (last > 0) kept.push(points[last], points[last + 1]);
    return kept;
}

/**
 * Call `report(strokes, isDown)` whenever the pen draws. A stroke is {points: [x0, y0, ...], width}, in the canvas's
 * pixels.
 *
 * isCanvas: tells from an event whether the pen is set down on the canvas, and returns it or null.
 * penWidth: returns the width of the pen.
 * Returns {replace(strokes), stop()}: for strokes that something else than the pen changed, and for the end.
 */
export function recordPen(isCanvas, penWidth, report) {
    const stopped = new AbortController();
    let strokes = [], pen = null;  // {id, canvas, stroke} while the pen is down

    const add = event => {
        const box = pen.canvas.getBoundingClientRect();
        const scale = pen.canvas.width / box.width;
        const x = (event.clientX - box.left) * scale, y = (event.clientY - box.top) * scale;
        const {points} = pen.stroke;
        if (points.at(-2) !== x || points.at(-1) !== y) points.push(x, y);
    };
    const listen = (type, handle) => document.addEventListener(type, handle, {capture: true, signal: stopped.signal});
    const lift = event => {
        if (pen === null || event.pointerId !== undefined && event.pointerId !== pen.id) return;
        pen.stroke.points = settle(pen.stroke.points);
        pen = null;
        report(strokes, false);
    };
    listen("pointerdown", event => {
        const canvas = event.isPrimary && event.button === 0 ? isCanvas(event) : null;
        if (!canvas) return lift(event);
        pen = {id: event.pointerId, canvas, stroke: {points: [], width: penWidth()}};
        add(event);
        strokes = [...strokes, pen.stroke];
        report(strokes, true);
    });
    listen("pointermove", event => {
        if (pen === null || event.pointerId !== pen.id) return;
        // The browser may never say that the button was released, outside of its window for example.
        if (event.pointerType === "mouse" && !(event.buttons & 1)) return lift(event);
        add(event);
        report(strokes, true);
    });
    listen("mousedown", event => event.button !== 0 && lift(event));
    for (const type of ["pointerup", "pointercancel", "contextmenu"]) listen(type, lift);

    return {
        replace(others) {
            // The stroke being drawn stays.
            strokes = pen ? [...others, pen.stroke] : others;
            report(strokes, pen !== null);
        },
        stop: () => stopped.abort(),
    };
}
