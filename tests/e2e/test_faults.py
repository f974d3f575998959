"""A server that is killed, has no room on its disk, too little memory, or data that change behind its back."""

import random
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
import torch
from playwright.sync_api import Browser, expect

from dropout_mnist.checkpoint import load_checkpoint
from dropout_mnist.checkpoints.resume import list_interruptions

from ..conftest import SHIPPED
from ..test_resume import results_of
from .conftest import SEVEN, Playground, watched
from .server import Server
from .test_train import WATCHABLE

linux = pytest.mark.skipif(not hasattr(psutil, "RLIMIT_AS"), reason="Only Linux limits a process that runs already")


@pytest.fixture
def visitor(browser: Browser, own_server: Server) -> Iterator[Playground]:
    """The page of a server that is going to be harmed."""
    with browser.new_context() as context, watched(context.new_page(), harmed=True) as page:
        yield Playground(page, own_server.address)


def wait_for_a_save(server: Server) -> None:
    """Wait until the server begins to write a file, for a few seconds at most."""
    known, end = set(server.weights.rglob("*.part")), time.monotonic() + 5
    while known >= set(server.weights.rglob("*.part")) and time.monotonic() < end:
        pass


@pytest.mark.timeout(3_600)
@pytest.mark.parametrize("kills", [2, pytest.param(50, marks=pytest.mark.endurance)])
def test_killed_server_loses_no_epoch_and_the_page_offers_to_go_on(
    kills: int, own_server: Server, visitor: Playground, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DROPOUT_MNIST_WEIGHTS", str(own_server.weights))
    epochs = 8 if kills < 10 else 49
    path = own_server.weights / f"plain-p0.30-digits-e{epochs}-b3-lr0.0001.safetensors"

    def train_on() -> None:
        """Begin, or go on where it was."""
        visitor.click("train")
        visitor.expect_epochs(1)

    def expect_trained() -> None:
        expect(visitor.training).to_contain_text("is trained: test accuracy", timeout=300_000)

    visitor.open(f"{WATCHABLE}&epochs={epochs}")
    visitor.draw(SEVEN)
    train_on()
    expect_trained()
    expected, weights = results_of(path), load_checkpoint(path).model.state_dict()
    path.unlink()
    name = visitor.page.evaluate("localStorage.getItem('dropout_mnist_visitor')")
    visitor.page.reload()

    moments, in_a_save = random.Random(0), 0
    for kill in range(kills):
        train_on()
        parts = len(list(own_server.weights.rglob("*.part")))
        time.sleep(moments.uniform(0, 1))
        if kill % 2:
            wait_for_a_save(own_server)
        own_server.kill()
        in_a_save += len(list(own_server.weights.rglob("*.part"))) - parts
        for checkpoint in own_server.weights.glob("*.safetensors"):
            load_checkpoint(checkpoint)
        path.unlink(missing_ok=True)  # it had ended before it was killed: begin anew
        found = list_interruptions(name)
        own_server.start()
        # The page comes back by itself.
        for interruption in found:
            done = f"was interrupted after {len(interruption.history)} of {epochs} epochs, at a"
            expect(visitor.keyed("interrupted")).to_contain_text(done)
    print(f"{in_a_save} of {kills} kills came while a file was being written")
    visitor.click("resume")
    expect_trained()
    assert results_of(path) == expected
    assert all(torch.equal(tensor, weights[name]) for name, tensor in load_checkpoint(path).model.state_dict().items())
    expect(visitor.keyed("interrupted")).to_have_count(0)


@linux
def test_full_disk_is_told_and_the_model_is_used_all_the_same(own_server: Server, visitor: Playground) -> None:
    visitor.open("dataset=digits&epochs=1")
    visitor.draw(SEVEN)
    # No file may grow beyond a megabyte.
    own_server.process.rlimit(psutil.RLIMIT_FSIZE, (2**20, psutil.RLIM_INFINITY))
    visitor.click("train")
    expect(visitor.training).to_contain_text("The model could not be saved")
    expect(visitor.training).to_contain_text("it is lost when the server ends")
    expect(visitor.keyed("model")).to_contain_text("scikit-learn's bundled digits")
    expect(visitor.answer).to_be_visible()
    assert {path.stem for path in own_server.weights.rglob("*") if path.is_file()} == set(SHIPPED)
    own_server.process.rlimit(psutil.RLIMIT_FSIZE, (psutil.RLIM_INFINITY, psutil.RLIM_INFINITY))
    visitor.click("train")
    expect(visitor.training).not_to_contain_text("could not be saved")
    expect(visitor.training).to_contain_text("plain-p0.30-digits-e1 is trained")
    assert (own_server.weights / "plain-p0.30-digits-e1.safetensors").exists()


@linux
def test_too_little_memory_for_a_training_is_told_and_the_page_goes_on(
    own_server: Server, visitor: Playground, mnist_folder: Path
) -> None:
    visitor.open("batch_size=60000&epochs=1")
    expect(visitor.keyed("random_sample")).to_be_visible()
    process = own_server.process
    process.rlimit(psutil.RLIMIT_AS, (process.memory_info().vms + 300 * 2**20, psutil.RLIM_INFINITY))
    visitor.click("train")
    expect(visitor.training).to_contain_text("There is not enough memory for this training")
    visitor.draw(SEVEN)
    expect(visitor.answer).to_have_text("7")
    visitor.open("dataset=digits&epochs=1")
    visitor.click("train")
    expect(visitor.training).to_contain_text("plain-p0.30-digits-e1 is trained")
