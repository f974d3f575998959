// Show the most probable digit of one or two networks, how sure they are, and their doubt in words.

import {capitalize, fill, percent, setText} from "./format.js";
import {judge, rankDigits} from "./network.js";

// A network that reads a smaller share of the test images is unsure about digits too, so its doubt is its own.
const WEAK = 0.9;

const TEST_IDS = ["live-digit", "live-comparison-digit"];

/** Create the answers. */
export function createAnswers(texts) {
    const element = document.createElement("div");
    element.className = "live-answers";
    element.innerHTML = TEST_IDS.map(name => `
        <div hidden><div class="live-label"></div><div class="live-digit" data-testid="${name}"></div>
            <div class="live-sure"></div><div class="live-doubt"></div></div>`).join("");

    return {
        element,
        /** Draw up to two answers, {network, label, probs}. */
        draw(answers) {
            Array.from(element.children).forEach((block, index) => {
                const answer = answers[index];
                block.hidden = !answer;
                const lines = ["", "", "", ""];
                if (answer) {
                    const {network, label, probs} = answer;
                    lines.splice(0, 4, label, symbol(probs), sure(texts, probs), doubt(texts, network, probs));
                }
                lines.forEach((line, part) => setText(block.children[part], line));
            });
        },
    };
}

/** Return the most probable digit, or a question mark for what is not a digit. */
export function symbol(probs) {
    return judge(probs) === "not a digit" ? "?" : String(rankDigits(probs)[0]);
}

/** Return a network's answer in a sentence or two. */
export function describeAnswer(texts, network, probs) {
    const answer = doubt(texts, network, probs) || capitalize(`${texts.digits[rankDigits(probs)[0]]}.`);
    return `${answer} ${sure(texts, probs)}.`;
}

function sure(texts, probs) {
    return fill(texts.sure, {percent: percent(Math.max(...probs))});
}

function doubt(texts, {testAccuracy}, probs) {
    const [first, second] = rankDigits(probs).map(digit => texts.digits[digit]);
    const kind = judge(probs);
    if (kind === "not a digit" && testAccuracy < WEAK) {
        return fill(texts.weak, {share: `${Math.round(100 * testAccuracy)}%`});
    }
    return capitalize(fill(texts.doubts[kind], {first, second}));
}
