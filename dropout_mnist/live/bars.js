// Show ten probabilities of one or several networks as bars.

import {percent} from "./format.js";

/**
 * Create the bars. `draw` takes a list of series, the first of which is written out: {kind, label, probs}, where the
 * kind is "main", "comparison", "thinned" or "average" and chooses color and form.
 */
export function createBars(digits, emptyText) {
    const element = document.createElement("div");
    element.className = "live-bars";
    element.innerHTML = `<div class="live-rows" role="img"></div><div class="live-legend"></div>`;
    const [rows, legend] = element.children;
    rows.innerHTML = `<div><b></b><span class="live-track"></span><span class="live-value"></span></div>`.repeat(digits);
    const parts = Array.from(rows.children, ({children: [digit, track, value]}, number) => {
        digit.textContent = number;
        return {track, value, bars: []};
    });
    let kinds = "";

    const rebuild = series => {
        legend.replaceChildren(...(series.length > 1 ? series : []).map(({kind}) => {
            const entry = document.createElement("span");
            entry.className = `live-key live-${kind}`;
            return entry;
        }));
        for (const part of parts) {
            part.bars = series.map(({kind}) => {
                const bar = document.createElement("i");
                bar.className = `live-bar live-${kind}`;
                return bar;
            });
            part.track.replaceChildren(...part.bars);
        }
    };
    return {
        element,
        draw(series) {
            const wanted = series.map(({kind}) => kind).join();
            if (wanted !== kinds) rebuild(series);
            kinds = wanted;
            series.forEach(({label}, index) => {
                if (legend.children.length) legend.children[index].textContent = label;
            });
            parts.forEach(({bars, value}, digit) => {
                bars.forEach((bar, index) => bar.style.setProperty("--share", series[index].probs[digit]));
                value.textContent = series.length ? percent(series[0].probs[digit]) : "";
            });
            rows.ariaLabel = series.map(({label, probs}) =>
                `${label}: ${Array.from(probs, (prob, digit) => `${digit} ${percent(prob)}`).join(", ")}`).join("; ")
                || emptyText;
        },
    };
}
