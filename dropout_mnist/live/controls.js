// The controls of dropout: on and off, its rate, how often a new mask is drawn, and units dropped by hand.

import {fill, setText} from "./format.js";

// Masks per second to choose from; 0 is for one at a time, by hand.
const PACES = [0, 1, 3, 10, 30];
const PACE = 3;

/**
 * Create the controls. `changed` has a function for each: dropout (also called when the rate changes), pace, mask (the
 * button for another one), share (of each layer, to drop by hand) and restore.
 */
export function createControls(texts, changed) {
    const element = document.createElement("div");
    element.className = "live-controls";
    element.innerHTML = `
        <label class="live-switch"><input type="checkbox" role="switch" name="dropout"><span></span></label>
        <label class="live-when-on"><span></span><input type="range" name="rate" max="0.9" step="0.05"><output></output></label>
        <label class="live-when-on"><span></span><select name="pace"></select></label>
        <button type="button" name="mask" class="live-when-on"></button>
        <label><span></span><input type="range" name="share" max="90" step="5" value="0"><output></output></label>
        <button type="button" name="restore"></button>`;
    const [dropout, rate, pace, mask, share, restore] = element.querySelectorAll("[name]");
    for (const control of [dropout, rate, pace, share]) {
        control.closest("label").querySelector("span").textContent = texts[control.name];
    }
    mask.textContent = texts.another_mask;
    const chosen = matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : PACE;
    pace.append(...PACES.map(count => new Option(
        count ? fill(texts.per_second, {count}) : texts.by_hand, count, count === chosen, count === chosen)));

    dropout.addEventListener("change", changed.dropout);
    rate.addEventListener("input", changed.dropout);
    pace.addEventListener("change", changed.pace);
    mask.addEventListener("click", changed.mask);
    share.addEventListener("input", () => changed.share(share.value / 100));
    restore.addEventListener("click", () => {
        share.value = 0;
        changed.restore();
    });

    return {
        element,
        get isOn() { return dropout.checked; },
        get rate() { return Number(rate.value); },
        /** Masks per second. */
        get pace() { return Number(pace.value); },
        /** Begin with a network's own rate, and with all units. */
        start(dropProb) {
            rate.value = dropProb;
            share.value = 0;
        },
        /** Draw them for this number of units dropped by hand. */
        draw(removed) {
            element.classList.toggle("live-on", dropout.checked);
            setText(rate.nextElementSibling, Number(rate.value).toFixed(2));
            setText(share.nextElementSibling, `${share.value}%`);
            restore.disabled = removed === 0;
            setText(restore, removed ? fill(texts.restore_count, {count: removed}) : texts.restore);
        },
    };
}
