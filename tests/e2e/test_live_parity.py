"""The live panel's JavaScript computes what Python does."""

import base64
import json
import random
from typing import Any

import numpy as np
import pytest
import torch
from playwright.sync_api import Page

from dropout_mnist.checkpoint import Checkpoint
from dropout_mnist.data.datasets import load_dataset
from dropout_mnist.data.pen_strokes import PenDigit, draw_on_canvas, load_pen_digits
from dropout_mnist.evaluation import Doubt, Prediction, compute_logits
from dropout_mnist.experiments.subnetworks import forward
from dropout_mnist.live.source import script, style
from dropout_mnist.live.texts import panel_texts
from dropout_mnist.live.weights import pack
from dropout_mnist.preprocessing.drawing import read_strokes
from dropout_mnist.preprocessing.fabricjs import read_paths
from dropout_mnist.preprocessing.inputs import scale

from ..conftest import SHIPPED, SHIPPED_WEIGHTS

TOLERANCE = 0.001


@pytest.fixture
def module(page: Page) -> Page:
    """An empty page with the panel's functions as globals."""
    names = "createPanel, readNetwork, rasterise, recordPen, forward, contributions, judge, describeAnswer"
    texts = json.dumps(panel_texts(str))
    page.set_content(
        f"<style>{style()}</style><div id=root></div><script type=module>{script()}"
        "window.decode = text => Uint8Array.from(atob(text), byte => byte.charCodeAt(0));"
        f"Object.assign(window, {{{names}, texts: {texts}}});</script>"
    )
    page.wait_for_function("'createPanel' in window")
    return page


def encode(data: bytes) -> str:
    return base64.b64encode(data).decode()


def load_network(page: Page, name: str) -> Checkpoint:
    """Give the page a shipped network as `network`; return its checkpoint."""
    path = SHIPPED_WEIGHTS / f"{name}.safetensors"
    page.evaluate("text => { window.network = readNetwork(decode(text)); }", encode(pack(path.read_bytes())))
    return Checkpoint.load(path)


def answer(page: Page, pixels: torch.Tensor) -> torch.Tensor:
    """Return the probabilities that the page computes for images, (N, 784) uint8."""
    code = """text => {
        const pixels = decode(text), images = Array.from({length: pixels.length / 784}, (_, number) =>
            pixels.subarray(784 * number, 784 * (number + 1)));
        return images.map(image => Array.from(forward(network, image).probs));
    }"""
    return torch.tensor(page.evaluate(code, encode(pixels.numpy().tobytes())))


@pytest.mark.parametrize("name", SHIPPED)
@pytest.mark.usefixtures("mnist_folder")
def test_probabilities_are_those_of_python(module: Page, name: str) -> None:
    pixels = load_dataset("mnist").test.pixels[:300]
    expected = compute_logits(load_network(module, name).model, pixels).softmax(dim=1)
    seen = answer(module, pixels)
    assert (seen - expected).abs().max() < TOLERANCE
    first, second = expected.topk(2).values.T
    clear = first - second > TOLERANCE
    assert torch.equal(seen.argmax(dim=1)[clear], expected.argmax(dim=1)[clear])


def test_thinned_network_answers_like_python(module: Page) -> None:
    model = load_network(module, "plain-p0.50").model
    pixels = (torch.rand(784, generator=torch.Generator().manual_seed(0)) * 255).byte()
    generator = torch.Generator().manual_seed(1)
    masks = [(torch.rand(512, generator=generator) > 0.5).byte() for _ in range(4)]
    activations: list[torch.Tensor] = []

    def drop(number: int, hidden: torch.Tensor) -> torch.Tensor:
        activations.append(hidden[0] * masks[number] * 2)
        return activations[-1][None]

    logits = forward(model, scale(pixels)[None], drop)[0]
    code = """([pixels, masks]) => {
        const left = masks.map(mask => Uint8Array.from(mask)), scales = [2, 2, 2, 2];
        const {activations, logits} = forward(network, pixels, left, scales);
        const last = activations[3].findIndex(value => value > 0);
        const add = (number, unit) => contributions(network, activations, left, scales, number, unit);
        const ofAll = new Array(10).fill(0);
        for (let unit = 0; unit < 512; unit++) add(0, unit).forEach((value, digit) => { ofAll[digit] += value; });
        return {
            activations: activations.map(values => Array.from(values)), logits: Array.from(logits), last, ofAll,
            ofLast: Array.from(add(3, last)),
        };
    }"""
    seen = module.evaluate(code, [pixels.tolist(), [mask.tolist() for mask in masks]])
    for ours, theirs in zip(activations, seen["activations"], strict=True):
        assert torch.allclose(ours, torch.tensor(theirs), atol=0.01)
    assert torch.allclose(logits, torch.tensor(seen["logits"]), atol=0.05)
    weights = model.layers[-1].weight[:, seen["last"]]
    assert torch.allclose(weights * activations[3][seen["last"]], torch.tensor(seen["ofLast"]), atol=0.01)
    # Only the biases of later layers are missing in what the first layer's units add together.
    biases = torch.zeros(512)
    for number, layer in enumerate(
        [layer for layer in model.layers if isinstance(layer, torch.nn.Linear)][1:], start=1
    ):
        biases = layer.weight @ biases + layer.bias
        if number < 4:
            biases = biases * (torch.tensor(seen["activations"][number]) > 0) * 2
    assert torch.allclose(logits - biases, torch.tensor(seen["ofAll"]), atol=0.05)


def draw_digits(digits: list[PenDigit], count: int) -> list[list[dict[str, Any]]]:
    generator = np.random.default_rng(0)
    return [draw_on_canvas(digit, generator) for digit in random.Random(0).sample(digits, count)]


def test_strokes_give_the_pixels_of_python(module: Page, strokes_file: Any) -> None:
    drawings = draw_digits(load_pen_digits(strokes_file), 300)
    dots = [[{"type": "Path", "path": [["M", 5, 5], ["L", x, 5]], "strokeWidth": 20}] for x in (5, 7, 40)]
    strokes = [read_paths(drawing) for drawing in drawings + dots]
    code = "drawings => drawings.map(strokes => Array.from(rasterise(strokes)))"
    given = [
        [{"points": stroke.points.ravel().tolist(), "width": stroke.pen_width} for stroke in drawing]
        for drawing in strokes
    ]
    seen = np.array(module.evaluate(code, given))
    expected = np.array([read_strokes(drawing) for drawing in strokes]).reshape(-1, 784)
    # The order of a sum can decide how half a level is rounded.
    assert np.abs(seen - expected).max() <= 1
    assert (seen != expected).mean() < 1e-4


def test_digits_drawn_with_the_pointer_are_those_of_python(module: Page, strokes_file: Any) -> None:
    model = load_network(module, SHIPPED[0]).model
    drawings = draw_digits(load_pen_digits(strokes_file), 300)
    pixels = np.array([read_strokes(read_paths(drawing)) for drawing in drawings]).reshape(-1, 784)
    expected = compute_logits(model, torch.from_numpy(pixels)).argmax(dim=1).tolist()
    # The pen was where a path begins, at the control points of its curves, and where it ends.
    points = [[[command[1:3] for command in path["path"]] for path in drawing] for drawing in drawings]
    module.evaluate(
        "() => root.replaceChildren(Object.assign(document.createElement('canvas'), "
        "{width: 280, height: 280, style: 'position: fixed; inset: 0 auto auto 0'}))"
    )
    code = """digits => {
        const canvas = document.querySelector("canvas");
        const send = (type, [clientX, clientY], buttons) => canvas.dispatchEvent(new PointerEvent(
            type, {clientX, clientY, buttons, isPrimary: true, pointerType: "mouse", bubbles: true}));
        return digits.map(strokes => {
            let drawn = [];
            const pen = recordPen(({target}) => target === canvas && canvas, () => 20, report => { drawn = report; });
            for (const [first, ...rest] of strokes) {
                send("pointerdown", first, 1);
                for (const point of rest) send("pointermove", point, 1);
                send("pointerup", rest.at(-1) ?? first, 0);
            }
            pen.stop();
            const {probs} = forward(network, rasterise(drawn));
            return probs.indexOf(Math.max(...probs));
        });
    }"""
    seen = module.evaluate(code, points)
    # A point is rounded to what the screen reports, so a digit on the edge between two may change.
    same = sum(one == other for one, other in zip(seen, expected, strict=True))
    assert same >= 299


def prediction(**probs: float) -> Prediction:
    """Give some digits their probability (`d4=0.5`), and the others what is left in equal parts."""
    given = {int(name[1]): prob for name, prob in probs.items()}
    rest = (1 - sum(given.values())) / (10 - len(given))
    return Prediction(tuple(given.get(digit, rest) for digit in range(10)))


def test_doubt_is_that_of_python(module: Page) -> None:
    samples = np.random.default_rng(0).dirichlet([0.15] * 10, 2000)
    expected = [Prediction(tuple(probs)).doubt for probs in samples]
    assert set(expected) == set(Doubt)
    assert module.evaluate("samples => samples.map(judge)", samples.tolist()) == [doubt.value for doubt in expected]


@pytest.mark.parametrize(
    ("answer", "accuracy", "sentence"),
    [
        (prediction(d4=0.95), 0.99, "A 4. 95.0% sure."),
        (prediction(d4=0.85, d9=0.12), 0.99, "A 4, or perhaps a 9. 85.0% sure."),
        (prediction(d8=0.85, d4=0.12), 0.99, "An 8, or perhaps a 4. 85.0% sure."),
        (prediction(d4=0.85, d8=0.02), 0.99, "Probably a 4. 85.0% sure."),
        (prediction(d8=0.3), 0.99, "This doesn't look like a digit. If it is one, perhaps an 8. 30.0% sure."),
        (prediction(d8=0.3), 0.509, "This model cannot tell (it reads 51% of the test images). 30.0% sure."),
    ],
)
def test_answer_is_told_in_words(module: Page, answer: Prediction, accuracy: float, sentence: str) -> None:
    code = "([probs, testAccuracy]) => describeAnswer(texts, {testAccuracy}, probs)"
    assert module.evaluate(code, [list(answer.probs), accuracy]) == sentence
