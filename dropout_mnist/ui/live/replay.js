// Drag through the moments of a run: what its network said then of the input, and what its first layer looked for.

import {createBars} from "../../live/bars.js";
import {fill, percent, setText} from "../../live/format.js";
import {CLASSES} from "../../live/network.js";
import {paintWeights} from "../../live/paint.js";
import {IMAGE_SIZE} from "../../live/rasterise.js";

const PIXELS = IMAGE_SIZE * IMAGE_SIZE, LARGEST = 127;

const MARKUP = `
    <label><span></span><input type="range" min="0" step="1"></label>
    <output></output>
    <div class="replay-answer"><div class="live-label"></div><p></p></div>
    <figure class="replay-features"><figcaption></figcaption><div role="img"></div></figure>`;

/** Create the slider in an element; return functions that feed it. */
function createReplay(root, {steps, total, per_epoch: perEpoch, texts}) {
    const element = document.createElement("div");
    element.className = "live replay";
    element.innerHTML = MARKUP;
    const [label, when, answer, figure] = element.children;
    const [name, slider] = label.children, [said, empty] = answer.children, [caption, tiles] = figure.children;
    const bars = createBars(CLASSES, texts.no_input);
    answer.append(bars.element);
    setText(name, texts.moment);
    setText(said, texts.answer);
    setText(empty, texts.no_input);
    setText(caption, texts.features);
    tiles.ariaLabel = texts.features_alt;
    slider.max = slider.value = steps.length - 1;
    let probs = null, levels = null, canvases = [];

    const draw = () => {
        const moment = Number(slider.value), step = steps[moment], shown = probs?.[moment];
        const time = step ? fill(texts.after, {
            step: step.toLocaleString(), total: total.toLocaleString(), epoch: Math.ceil(step / perEpoch),
        }) : texts.before;
        const digit = shown?.indexOf(Math.max(...shown));
        setText(when, shown ? `${time}: ${digit}, ${percent(shown[digit])}` : time);
        slider.ariaValueText = when.textContent;
        bars.element.hidden = !shown;
        empty.hidden = Boolean(shown);
        if (shown) bars.draw([{kind: "main", label: time, probs: shown}]);
        canvases.forEach((canvas, unit) => {
            const start = (moment * canvases.length + unit) * PIXELS;
            paintWeights(canvas, levels.subarray(start, start + PIXELS), LARGEST);
        });
    };
    slider.addEventListener("input", draw);
    draw();
    root.append(element);
    return {
        setProbs(values) {
            probs = values?.length === steps.length ? values : null;
            draw();
        },
        setLevels(bytes) {
            levels = bytes && new Int8Array(bytes.buffer, bytes.byteOffset, bytes.length);
            const units = levels ? levels.length / PIXELS / steps.length : 0;
            canvases = Array.from({length: units}, () => Object.assign(
                document.createElement("canvas"), {width: IMAGE_SIZE, height: IMAGE_SIZE}));
            tiles.replaceChildren(...canvases);
            draw();
        },
        destroy: () => element.remove(),
    };
}

const replays = new WeakMap();

function connect(parentElement, data) {
    const mailbox = window.dropoutMnistLive ??= Object.assign(new EventTarget(), {slots: {}});
    const replay = createReplay(parentElement, data), stopped = new AbortController();
    const take = {
        live_features: bytes => replay.setLevels(bytes),
        live_moment_answers: answers => replay.setProbs(answers?.probs),
    };
    mailbox.addEventListener("change", ({detail}) => take[detail]?.(mailbox.slots[detail]), {signal: stopped.signal});
    for (const slot of Object.keys(take)) take[slot](mailbox.slots[slot]);
    return () => {
        stopped.abort();
        replay.destroy();
    };
}

export default ({data, parentElement}) => {
    const shown = JSON.stringify(data);
    if (replays.get(parentElement)?.shown !== shown) {
        replays.get(parentElement)?.end();
        replays.set(parentElement, {shown, end: connect(parentElement, data)});
    }
    return () => {
        replays.get(parentElement)?.end();
        replays.delete(parentElement);
    };
};
