// Show one unit: its activation, what it looks for, and what it adds to the evidence for each digit.

import {fill} from "./format.js";
import {CLASSES, contributions, feature} from "./network.js";
import {paintWeights} from "./paint.js";
import {IMAGE_SIZE} from "./rasterise.js";

/** Create the inspector; `toggle(number, unit)` drops or restores the unit that it shows. */
export function createInspector(texts, toggle) {
    const element = document.createElement("div");
    element.className = "live-inspector";
    element.innerHTML = `
        <p class="live-hint"></p>
        <figure class="live-feature"><canvas width="${IMAGE_SIZE}" height="${IMAGE_SIZE}" role="img"></canvas>
            <figcaption></figcaption></figure>
        <div class="live-unit"><b></b><span></span><button type="button"></button></div>
        <figure class="live-evidence"><div role="img">${"<span><i></i><b></b></span>".repeat(CLASSES)}</div>
            <figcaption></figcaption></figure>`;
    const [hint, featureFigure, unitText, evidence] = element.children;
    const [canvas, featureCaption] = featureFigure.children;
    const [title, state, button] = unitText.children;
    const [chart, evidenceCaption] = evidence.children;
    const columns = Array.from(chart.children, ({children: [column, digit]}, number) => {
        digit.textContent = number;
        return column;
    });
    hint.textContent = texts.hint;
    featureCaption.textContent = texts.feature;
    evidenceCaption.textContent = texts.evidence;
    canvas.ariaLabel = texts.feature_alt;
    let shown = null, drawn = null;
    button.addEventListener("click", () => toggle(shown.number, shown.unit));

    const drawFeature = (network, unit) => {
        const weights = feature(network, unit);
        paintWeights(canvas, weights, weights.reduce((most, weight) => Math.max(most, Math.abs(weight)), 1e-6));
    };

    return {
        element,
        /** Draw the inspected unit, {number, unit} or null; return its description in words. */
        draw(network, run, masks, scales, kept, inspected) {
            shown = inspected;
            element.classList.toggle("live-inspecting", Boolean(inspected));
            if (!inspected) return "";
            const {number, unit} = inspected;
            const activation = run?.activations[number][unit] ?? 0;
            const isRemoved = !kept[number][unit], isDropped = !masks[number][unit];
            title.textContent = fill(texts.unit, {number: number + 1, unit: unit + 1});
            state.textContent = isRemoved ? texts.removed : isDropped ? texts.dropped
                : activation > 0 ? fill(texts.activation, {activation: activation.toFixed(2)}) : texts.inactive;
            button.textContent = isRemoved ? texts.restore_unit : texts.drop_unit;
            featureFigure.hidden = number > 0;
            if (number === 0 && (drawn?.network !== network || drawn.unit !== unit)) {
                drawFeature(network, unit);
                drawn = {network, unit};
            }
            const added = activation > 0
                ? contributions(network, run.activations, masks, scales, number, unit) : new Float32Array(CLASSES);
            const largest = added.reduce((most, value) => Math.max(most, Math.abs(value)), 0.25);
            columns.forEach((column, digit) => {
                column.style.setProperty("--share", added[digit] / largest);
                column.classList.toggle("live-against", added[digit] < 0);
            });
            const most = added.indexOf(Math.max(...added)), least = added.indexOf(Math.min(...added));
            const summary = activation > 0 ? fill(texts.evidence_alt, {
                most, more: added[most].toFixed(2), least, less: added[least].toFixed(2),
            }) : texts.no_evidence;
            chart.ariaLabel = summary;
            return `${title.textContent}: ${state.textContent}. ${summary}`;
        },
    };
}
