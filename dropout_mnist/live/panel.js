// The live panel: what the network makes of a drawing, with and without dropout.

import {createAnswers, describeAnswer, symbol} from "./answers.js";
import {createBars} from "./bars.js";
import {createControls} from "./controls.js";
import {fill, percent, setText} from "./format.js";
import {createInspector} from "./inspector.js";
import {createLayer} from "./layers.js";
import {CLASSES, drawMasks, forward} from "./network.js";
import {IMAGE_SIZE, rasterise} from "./rasterise.js";
import {count, Units} from "./units.js";

// The average is over this many masks, and a drawing rests this long, in milliseconds, before its answer is announced.
const AVERAGED = 20;
const REST = 800;

const MARKUP = `
    <div class="live-invitation"></div>
    <div class="live-top">
        <figure class="live-input st-key-network_input">
            <canvas width="${IMAGE_SIZE}" height="${IMAGE_SIZE}" role="img"></canvas><figcaption></figcaption>
        </figure>
    </div>
    <div class="live-layers"></div>
    <div class="live-announcement" aria-live="polite"></div>`;

/**
 * Create the panel inside an element. `texts` are those of texts.py.
 *
 * Returns functions that feed it: setNetwork and setComparison take networks from `readNetwork`, null for none;
 * setLabels takes the names of both; setStrokes takes strokes as `recordPen` reports them; setPixels takes 784 pixels, null for none; setInvitation takes
 * the text to show without either. destroy ends it.
 */
export function createPanel(root, texts) {
    const panel = document.createElement("div");
    panel.className = "live";
    panel.innerHTML = MARKUP;
    const find = name => panel.querySelector(`.live-${name}`);
    const [input, inputCaption] = find("input").children;
    const inputContext = input.getContext("2d");
    input.ariaLabel = inputCaption.textContent = texts.input;
    inputCaption.title = texts.input_help;

    // The network is undefined while it is on its way, and null if there is none.
    let network, comparison = null, labels = [], units = null, layers = [];
    let pixels = null, isDown = false, invitation = "";
    // The masks that dropout drew last, and the probabilities that they and earlier ones gave the same pixels.
    let masks = null, history = [], isRecorded = false;
    let inspected = null;  // {number, unit}
    let frame = 0, rest = 0, ticker = 0;

    // What is shown changes once a frame at most.
    const schedule = () => { frame ||= requestAnimationFrame(draw); };
    const restart = () => {
        history = [];
        isRecorded = false;
        schedule();
    };
    const nextMasks = () => {
        masks = network && controls.isOn ? drawMasks(network, controls.rate) : null;
        isRecorded = false;
        schedule();
    };
    const startTicker = () => {
        clearInterval(ticker);
        if (controls.isOn && controls.pace) ticker = setInterval(() => document.hidden || nextMasks(), 1000 / controls.pace);
    };
    const redrop = () => {
        nextMasks();
        restart();
        startTicker();
    };
    const inspect = (number, unit) => {
        inspected = {number, unit};
        schedule();
    };
    const toggle = (number, unit) => {
        units.toggle(number, unit);
        inspect(number, unit);
        restart();
    };
    const controls = createControls(texts, {
        dropout: redrop,
        pace: startTicker,
        mask: nextMasks,
        share(share) {
            units?.dropShare(share);
            restart();
        },
        restore() {
            units?.restore();
            restart();
        },
    });
    const answers = createAnswers(texts), bars = createBars(CLASSES, texts.no_answer), inspector = createInspector(texts, toggle);
    find("top").prepend(answers.element, bars.element);
    find("layers").before(controls.element);
    find("layers").after(inspector.element);
    root.append(panel);

    function draw() {
        frame = 0;
        drawInput();
        const canAnswer = Boolean(pixels && network);
        const missing = network === null ? texts.no_model : texts.loading;
        setText(find("invitation"), canAnswer ? "" : network === null || pixels ? missing : invitation);
        controls.draw(units?.removed ?? 0);
        const full = units?.combine(), thinned = masks && units.combine(masks, controls.rate);
        const answer = canAnswer ? forward(network, pixels, full.masks, full.scales) : null;
        const sample = canAnswer && thinned ? forward(network, pixels, thinned.masks, thinned.scales) : null;
        const other = canAnswer && comparison ? forward(comparison, pixels) : null;
        if (sample && !isRecorded) history = [...history, sample.probs].slice(-AVERAGED);
        isRecorded = sample !== null;
        drawAnswers(answer, other, sample);
        if (units) drawLayers(sample ?? answer, sample ? thinned : full);
        clearTimeout(rest);
        if (isDown) return;
        const announcement = answer ? describeAnswer(texts, network, answer.probs) : "";
        rest = setTimeout(() => setText(find("announcement"), announcement), REST);
    }

    function drawInput() {
        const image = inputContext.createImageData(IMAGE_SIZE, IMAGE_SIZE);
        const cells = new Uint32Array(image.data.buffer);
        for (let index = 0; index < cells.length; index++) cells[index] = 0xff000000 | 0x010101 * (pixels?.[index] ?? 0);
        inputContext.putImageData(image, 0, 0);
    }

    function drawAnswers(answer, other, sample) {
        const shown = [];
        if (answer) shown.push({kind: "main", network, label: other ? labels[0] : texts.full, probs: answer.probs});
        if (other) shown.push({kind: "comparison", network: comparison, label: labels[1], probs: other.probs});
        answers.draw(other ? shown : shown.map(one => ({...one, label: ""})));
        if (sample) {
            const average = sample.probs.map((_, digit) =>
                history.reduce((sum, probs) => sum + probs[digit], 0) / history.length);
            shown.push({kind: "thinned", label: texts.thinned, probs: sample.probs});
            shown.push({kind: "average", label: fill(texts.average, {count: history.length}), probs: average});
        }
        bars.draw(shown.map(({kind, label, probs}) =>
            ({kind, label: `${label}: ${symbol(probs)}, ${percent(Math.max(...probs))}`, probs})));
    }

    function drawLayers(run, {masks: left, scales}) {
        layers.forEach((layer, number) => {
            const size = units.sizes[number], dropped = count(left[number], 0);
            const activations = run?.activations[number] ?? null;
            const active = activations?.reduce((sum, value) => sum + (value > 0), 0) ?? 0;
            layer.draw(activations, left[number], units.kept[number],
                fill(dropped ? texts.units_dropped : texts.units, {size, active, dropped}));
            layer.select(inspected?.number === number ? inspected.unit : null);
        });
        const described = inspector.draw(network, run, left, scales, units.kept, inspected);
        if (inspected) layers[inspected.number].describe(described);
    }

    return {
        setNetwork(other) {
            network = other;
            inspected = null;
            units = network ? new Units(network) : null;
            layers = (units?.sizes ?? []).map((size, number) =>
                createLayer(number, size, fill(texts.layer, {number: number + 1}), inspect, toggle));
            find("layers").replaceChildren(...layers.map(layer => layer.element));
            if (network) controls.start(network.dropProb);
            redrop();
        },
        setComparison(other) {
            comparison = other;
            schedule();
        },
        setLabels(names) {
            labels = names;
            schedule();
        },
        setStrokes(strokes, penIsDown = false) {
            isDown = penIsDown;
            pixels = rasterise(strokes);
            restart();
        },
        setPixels(given) {
            isDown = false;
            pixels = given;
            restart();
        },
        setInvitation(text) {
            invitation = text;
            schedule();
        },
        destroy() {
            clearInterval(ticker);
            clearTimeout(rest);
            cancelAnimationFrame(frame);
            panel.remove();
        },
    };
}
