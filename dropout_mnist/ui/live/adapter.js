// Connect the live panel with the page: with the mailbox, and with the canvas that st_canvas draws on.

import {readNetwork} from "../../live/network.js";
import {createPanel} from "../../live/panel.js";
import {recordPen} from "../../live/recorder.js";

/** Return the canvas that an event happens on, if it is the one to draw on. */
function canvasOf(event) {
    const target = event.composedPath()[0];
    const isOurs = target instanceof HTMLCanvasElement && target.getRootNode().host?.closest(".st-key-canvas");
    return isOurs ? target : null;
}

const connections = new WeakMap();

/** Create the panel and keep it up to date; return a function that changes its texts' language or ends it. */
function connect(parentElement, texts) {
    const mailbox = window.dropoutMnistLive ??= Object.assign(new EventTarget(), {slots: {}});
    const stopped = new AbortController();
    const panel = createPanel(parentElement, texts);
    let penWidth = 0, revision = null, isDrawn = true;
    const recorder = recordPen(canvasOf, () => penWidth, (strokes, isDown) => isDrawn && panel.setStrokes(strokes, isDown));

    const take = {
        live_model: bytes => panel.setNetwork(bytes?.length ? readNetwork(bytes) : bytes && null),
        live_labels: labels => panel.setLabels(labels ?? []),
        live_comparison: bytes => panel.setComparison(bytes?.length ? readNetwork(bytes) : null),
        live_input(input) {
            if (!input) return;
            panel.setInvitation(input.invitation);
            penWidth = input.pen_width;
            isDrawn = input.pixels === undefined;
            if (!isDrawn) panel.setPixels(input.pixels && Uint8Array.from(atob(input.pixels), byte => byte.charCodeAt(0)));
            else if (input.revision !== revision) recorder.replace(input.strokes);
            revision = isDrawn ? input.revision : null;
        },
    };
    mailbox.addEventListener("change", ({detail}) => take[detail]?.(mailbox.slots[detail]), {signal: stopped.signal});
    for (const slot of Object.keys(take)) if (mailbox.slots[slot]) take[slot](mailbox.slots[slot]);
    return () => {
        stopped.abort();
        recorder.stop();
        panel.destroy();
    };
}

export default ({data, parentElement}) => {
    const language = JSON.stringify(data);
    const connection = connections.get(parentElement);
    if (connection?.language !== language) {
        connection?.end();
        connections.set(parentElement, {language, end: connect(parentElement, data)});
    }
    return () => {
        connections.get(parentElement)?.end();
        connections.delete(parentElement);
    };
};
