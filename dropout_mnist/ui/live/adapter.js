// Connect the live panel with the page: with the mailbox, and with the canvas that st_canvas draws on.
// This code is sent with each run of the whole page, not after every stroke. It defines an element, which the Draw
// section shows.

import {readNetwork} from "../../live/network.js";
import {createPanel} from "../../live/panel.js";
import {recordPen} from "../../live/recorder.js";

/** Return the canvas that an event happens on, if it is the one to draw on. */
function canvasOf(event) {
    const target = event.composedPath()[0];
    const isOurs = target instanceof HTMLCanvasElement && target.getRootNode().host?.closest(".st-key-canvas");
    return isOurs ? target : null;
}

/** Create the panel and keep it up to date; return a function that ends it. */
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

const TAG = "dropout-mnist-panel";

/** The panel's element. The page may show it before this code has arrived: the browser makes up for that. */
class PanelElement extends HTMLElement {
    static texts = null;
    #end = null;

    static use(texts) {
        if (JSON.stringify(texts) === JSON.stringify(PanelElement.texts)) return;
        PanelElement.texts = texts;
        for (const element of document.querySelectorAll(TAG)) {
            element.disconnectedCallback();
            element.connectedCallback();
        }
    }

    connectedCallback() {
        if (PanelElement.texts) this.#end = connect(this, PanelElement.texts);
    }

    disconnectedCallback() {
        this.#end?.();
        this.#end = null;
    }
}

export default ({data}) => {
    // A name can be defined only once, but this code may arrive again.
    if (!customElements.get(TAG)) customElements.define(TAG, PanelElement);
    customElements.get(TAG).use(data);
};
