// The network: its weights, forward passes with and without dropped units, and what its answer means.

export const CLASSES = 10;

/**
 * Read the file that weights.py packs: {dropProb, testAccuracy, layers}. Each layer is {inputs, outputs, weights, bias}, with
 * the weights in the order (input, output), so that an input of zero costs nothing.
 */
export function readNetwork(bytes) {
    const data = Uint8Array.from(bytes);  // a copy, whose parts are aligned
    const length = Number(new DataView(data.buffer).getBigUint64(0, true));
    const header = JSON.parse(new TextDecoder().decode(data.subarray(8, 8 + length)));
    const description = JSON.parse(header.__metadata__.live);
    const tensor = name => {
        const [begin, end] = header[name].data_offsets;
        return decodeHalves(new Uint16Array(data.buffer.slice(8 + length + begin, 8 + length + end)));
    };
    const names = Object.keys(header).filter(name => name.endsWith(".weight"))
        .sort((one, other) => one.split(".")[1] - other.split(".")[1]);
    const layers = names.map(name => {
        const [outputs, inputs] = header[name].shape;
        return {
            inputs, outputs,
            weights: transpose(tensor(name), outputs, inputs),
            bias: tensor(name.replace("weight", "bias")),
        };
    });
    return {dropProb: description.drop_prob, testAccuracy: description.test_accuracy, layers};
}

/** Convert float16 numbers, given as their bits. */
function decodeHalves(halves) {
    const decoded = new Float32Array(halves.length);
    halves.forEach((bits, index) => {
        const exponent = (bits >> 10) & 31, fraction = bits & 1023;
        const size = exponent ? 2 ** (exponent - 25) * (1024 + fraction) : 2 ** -24 * fraction;
        decoded[index] = bits & 0x8000 ? -size : size;
    });
    return decoded;
}

function transpose(matrix, rows, columns) {
    const transposed = new Float32Array(matrix.length);
    for (let row = 0; row < rows; row++) {
        for (let column = 0; column < columns; column++) transposed[column * rows + row] = matrix[row * columns + column];
    }
    return transposed;
}

/** Add weights times inputs to the outputs. */
function multiply({inputs, outputs, weights}, values, result) {
    for (let input = 0; input < inputs; input++) {
        const value = values[input];
        if (value === 0) continue;
        const start = input * outputs;
        for (let output = 0; output < outputs; output++) result[output] += value * weights[start + output];
    }
    return result;
}

/**
 * Answer for 784 pixels from 0 to 255: {activations, logits, probs}, the activations of each hidden layer.
 *
 * masks: for each hidden layer a Uint8Array, 1 for kept and 0 for dropped units; null to keep all. The kept units are
 * scaled by `scales`, which dropout sets to 1 / (1 - drop_prob).
 */
export function forward(network, pixels, masks = null, scales = null) {
    const activations = [];
    let values = Float32Array.from(pixels, pixel => pixel / 255);
    for (const [number, layer] of network.layers.entries()) {
        values = multiply(layer, values, layer.bias.slice());
        if (number === network.layers.length - 1) break;
        const mask = masks?.[number], scale = scales?.[number] ?? 1;
        for (let unit = 0; unit < values.length; unit++) {
            values[unit] = values[unit] > 0 && (!mask || mask[unit]) ? values[unit] * scale : 0;
        }
        activations.push(values);
    }
    return {activations, logits: values, probs: softmax(values)};
}

/** Turn logits into probabilities. The calibration's temperature is part of the weights. */
function softmax(logits) {
    const largest = Math.max(...logits);
    const powers = Array.from(logits, logit => Math.exp(logit - largest));
    const sum = powers.reduce((total, power) => total + power);
    return powers.map(power => power / sum);
}

/** Return the number of units in each hidden layer. */
export function hiddenSizes(network) {
    return network.layers.slice(0, -1).map(layer => layer.outputs);
}

/** Draw a mask for each hidden layer: each unit is dropped with this probability. */
export function drawMasks(network, dropProb, random = Math.random) {
    return hiddenSizes(network).map(size => Uint8Array.from({length: size}, () => random() < dropProb ? 0 : 1));
}

/**
 * Return what a unit adds to each logit, through the units of later layers that are active now.
 *
 * A network of ReLUs is linear as long as the same units are active, so this is exact for small changes.
 */
export function contributions(network, activations, masks, scales, number, unit) {
    let values = new Float32Array(network.layers[number].outputs);
    values[unit] = activations[number][unit];
    for (let next = number + 1; next < network.layers.length; next++) {
        values = multiply(network.layers[next], values, new Float32Array(network.layers[next].outputs));
        if (next === network.layers.length - 1) break;
        const active = activations[next], scale = scales?.[next] ?? 1;
        values.forEach((value, index) => { values[index] = active[index] > 0 ? value * scale : 0; });
    }
    return values;
}

/** Return the weights of a unit of the first layer, a Float32Array of 784: what it looks for. */
export function feature(network, unit) {
    const {inputs, outputs, weights} = network.layers[0];
    return Float32Array.from({length: inputs}, (_, input) => weights[input * outputs + unit]);
}

/** Return the digits, the most probable first. */
export function rankDigits(probs) {
    return Array.from(probs.keys()).sort((one, other) => probs[other] - probs[one]);
}

// The thresholds of evaluation.py.
const SURE = 0.9;
const SECOND = 0.1;
const TWO_DIGITS = 0.75;

/** Return "sure", "unsure", "ambiguous" or "not a digit", like Prediction.doubt in evaluation.py. */
export function judge(probs) {
    const [first, second] = rankDigits(probs).map(digit => probs[digit]);
    if (first + second < TWO_DIGITS) return "not a digit";
    if (first >= SURE) return "sure";
    return second >= SECOND ? "ambiguous" : "unsure";
}
