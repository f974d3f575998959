// Texts for the panel.

/** Format a probability like format.percent on the page: a network is never quite certain. */
export function percent(prob) {
    return prob > 0.9995 ? "> 99.9%" : `${(100 * prob).toFixed(1)}%`;
}

/** Replace {name} in a text by the value of that name. */
export function fill(text, values) {
    return text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

/** Begin with a capital letter. */
export function capitalize(text) {
    return text && text[0].toUpperCase() + text.slice(1);
}

/** Set an element's text, if it is another one. */
export function setText(element, text) {
    if (element.textContent !== text) element.textContent = text;
}
