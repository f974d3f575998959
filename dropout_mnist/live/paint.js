// Paint what a unit of the first layer looks for.

import {IMAGE_SIZE} from "./rasterise.js";

/**
 * Paint a unit's 784 weights on a canvas of 28 x 28 pixels: blue where ink excites it, orange where ink inhibits it.
 * A weight as large as `largest`, or its negative, has the full color.
 */
export function paintWeights(canvas, weights, largest) {
    const context = canvas.getContext("2d"), image = context.createImageData(IMAGE_SIZE, IMAGE_SIZE);
    weights.forEach((weight, index) => {
        const [red, green, blue] = weight > 0 ? [86, 180, 233] : [230, 110, 30];
        const strength = Math.abs(weight) / largest;
        image.data.set([red * strength, green * strength, blue * strength, 255], 4 * index);
    });
    context.putImageData(image, 0, 0);
}
