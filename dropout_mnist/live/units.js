// Which hidden units answer: some are dropped by hand, and dropout drops others at random.

import {hiddenSizes} from "./network.js";

/** The hidden units of a network. */
export class Units {
    constructor(network) {
        this.sizes = hiddenSizes(network);
        // The order in which a share of the units is dropped, in each layer.
        this.orders = this.sizes.map(size => shuffle(Array.from({length: size}, (_, unit) => unit)));
        this.restore();
    }

    /** Restore all units that were dropped by hand. */
    restore() {
        // For each layer, 1 for kept units.
        this.kept = this.sizes.map(size => new Uint8Array(size).fill(1));
    }

    /** Drop a unit by hand, or restore it. */
    toggle(number, unit) {
        this.kept[number][unit] ^= 1;
    }

    /** Drop this share of every layer by hand; a larger share contains a smaller one. */
    dropShare(share) {
        this.restore();
        this.kept.forEach((units, number) => {
            for (const unit of this.orders[number].slice(0, Math.round(share * units.length))) units[unit] = 0;
        });
    }

    /** The number of units dropped by hand. */
    get removed() {
        return this.kept.reduce((sum, units) => sum + count(units, 0), 0);
    }

    /**
     * Return {masks, scales} for a forward pass without the units dropped by hand and, if there are masks, by dropout.
     * The units left by hand are scaled up so that a layer's sum stays the same, like those left by dropout.
     */
    combine(dropped = null, dropProb = 0) {
        const masks = dropped
            ? this.kept.map((units, number) => units.map((one, unit) => one & dropped[number][unit])) : this.kept;
        const scales = this.kept.map(units => {
            const left = count(units, 1);
            return left ? units.length / left / (1 - dropProb) : 0;
        });
        return {masks, scales};
    }
}

/** Count how often a value is in a mask. */
export function count(mask, value) {
    return mask.reduce((sum, one) => sum + (one === value), 0);
}

function shuffle(values) {
    for (let last = values.length - 1; last > 0; last--) {
        const other = Math.floor(Math.random() * (last + 1));
        [values[last], values[other]] = [values[other], values[last]];
    }
    return values;
}
