// A page of its own: a canvas to draw on, the live panel, and weights that are part of the page.

import { readNetwork } from "../live/network.js";
import { createPanel } from "../live/panel.js";
import { recordPen } from "../live/recorder.js";

const DRAWING_PEN = 20;  // the width of the pen, in pixels of the canvas

/** Unpack what `_pack` in page.py packed: deflated, all high bytes of the float16 numbers before all low bytes. */
async function unpack(text) {
    const deflated = Uint8Array.from(atob(text), character => character.charCodeAt(0));
    const stream = new Blob([deflated]).stream().pipeThrough(new DecompressionStream("deflate"));
    const halves = new Uint8Array(await new Response(stream).arrayBuffer());
    const count = halves.length / 2;
    return Uint8Array.from(halves, (_, index) => halves[index % 2 ? index >> 1 : count + (index >> 1)]);
}

function drawStrokes(canvas, strokes) {
    const context = canvas.getContext("2d");
    context.fillRect(0, 0, canvas.width, canvas.height);
    Object.assign(context, {strokeStyle: "white", lineCap: "round", lineJoin: "round"});
    for (const {points, width} of strokes) {
        context.lineWidth = width;
        context.beginPath();
        context.moveTo(points[0], points[1]);
        // A dot is a line that ends where it begins.
        for (let index = 0; index < points.length; index += 2) context.lineTo(points[index], points[index + 1]);
        context.stroke();
    }
}

async function start() {
    const read = id => document.getElementById(id).textContent;
    const canvas = document.getElementById("canvas");
    const [undo, clear] = document.querySelectorAll("#tools button");
    const panel = createPanel(document.getElementById("panel"), JSON.parse(read("texts")));
    let drawn = [];
    const recorder = recordPen(event => event.target === canvas && canvas, () => DRAWING_PEN, (strokes, isDown) => {
        drawn = strokes;
        undo.disabled = clear.disabled = !strokes.length;
        drawStrokes(canvas, strokes);
        panel.setStrokes(strokes, isDown);
    });
    undo.addEventListener("click", () => recorder.replace(drawn.slice(0, -1)));
    clear.addEventListener("click", () => recorder.replace([]));
    document.addEventListener("keydown", event => {
        if ((event.ctrlKey || event.metaKey) && event.key === "z") undo.click();
    });
    recorder.replace([]);
    panel.setInvitation(canvas.ariaLabel);
    panel.setNetwork(readNetwork(await unpack(read("weights"))));
}

start();
