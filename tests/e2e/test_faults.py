"""A server that is killed, or runs out of disk space or memory."""

import random
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
import torch
from playwright.sync_api import Browser, expect

from dropout_mnist.checkpoint import Checkpoint
from dropout_mnist.checkpoints.resume import list_interrupted

from ..conftest import SHIPPED
from ..test_resume import results_of
from .conftest import SEVEN, Playground, watched
from .server import Server
from .test_train import WATCHABLE

linux = pytest.mark.skipif(not hasattr(psutil, "RLIMIT_AS"), reason="Only Linux can limit a running process")


@pytest.fixture
def visitor(browser: Browser, own_server: Server) -> Iterator[Playground]:
    """The page of a server that the test harms."""
    with browser.new_context() as context, watched(context.new_page(), harmed=True) as page:
        yield Playground(page, own_server.address)


def wait_for_a_save(server: Server) -> None:
    """Wait until the server begins to write a file, for 5 seconds at most."""
    known, end = set(server.weights.rglob("*.part")), time.monotonic() + 5
    while known >= set(server.weights.rglob("*.part")) and time.monotonic() < end:
        pass  # without a pause: a write takes only milliseconds


@pytest.mark.timeout(3_600)
@pytest.mark.parametrize("kills", [2, pytest.param(50, marks=pytest.mark.endurance)])
def test_killed_server_loses_no_epoch_and_the_run_can_be_resumed(
    kills: int, own_server: Server, visitor: Playground, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DROPOUT_MNIST_WEIGHTS", str(own_server.weights))
    epochs = 12 if kills < 10 else 49
    path = own_server.weights / f"plain-p0.30-digits-e{epochs}-b8-lr0.0001.safetensors"

    def start_or_resume() -> None:
        """Start the run or resume it, once the page is there."""
        visitor.page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for()
        visitor.click("train")
        visitor.expect_epochs(1)

    def expect_trained() -> None:
        expect(visitor.training).to_contain_text("is trained: test accuracy", timeout=300_000)

    visitor.open(f"{WATCHABLE}&epochs={epochs}")
    visitor.draw(SEVEN)
    start_or_resume()
    expect_trained()
    expected, weights = results_of(path), Checkpoint.load(path).model.state_dict()
    path.unlink()
    name = visitor.page.evaluate("localStorage.getItem('dropout_mnist_visitor')")
    visitor.page.reload()

    moments, during_a_save = random.Random(0), 0
    for kill in range(kills):
        start_or_resume()
        parts = len(list(own_server.weights.rglob("*.part")))
        time.sleep(moments.uniform(0, 1))
        if kill % 2:
            wait_for_a_save(own_server)
        own_server.kill()
        during_a_save += len(list(own_server.weights.rglob("*.part"))) - parts
        for checkpoint in own_server.weights.glob("*.safetensors"):
            Checkpoint.load(checkpoint)
        path.unlink(missing_ok=True)  # the run had ended before the kill: start again
        found = list_interrupted(name)
        own_server.start()
        # The page reconnects on its own.
        for interruption in found:
            done = f"was interrupted after {len(interruption.history)} of {epochs} epochs, at a"
            expect(visitor.keyed("interrupted")).to_contain_text(done)
    print(f"{during_a_save} of {kills} kills happened during a write")
    # A run can end before the last kill; then there is nothing to resume.
    visitor.click("resume" if found else "train")
    expect_trained()
    assert results_of(path) == expected
    assert all(torch.equal(tensor, weights[name]) for name, tensor in Checkpoint.load(path).model.state_dict().items())
    expect(visitor.keyed("interrupted")).to_have_count(0)


@linux
def test_full_disk_is_reported_and_the_model_is_still_used(own_server: Server, visitor: Playground) -> None:
    visitor.open("dataset=digits&epochs=1")
    visitor.draw(SEVEN)
    # Limit files to one megabyte.
    own_server.process.rlimit(psutil.RLIMIT_FSIZE, (2**20, psutil.RLIM_INFINITY))
    visitor.click("train")
    expect(visitor.training).to_contain_text("The model could not be saved")
    expect(visitor.training).to_contain_text("it is lost when the server ends")
    visitor.click("use_dropout")
    expect(visitor.keyed("model")).to_contain_text("scikit-learn's bundled digits")
    expect(visitor.answer).to_be_visible()
    assert {path.stem for path in own_server.weights.rglob("*") if path.is_file()} == set(SHIPPED)
    own_server.process.rlimit(psutil.RLIMIT_FSIZE, (psutil.RLIM_INFINITY, psutil.RLIM_INFINITY))
    visitor.click("train")
    expect(visitor.training).not_to_contain_text("could not be saved")
    expect(visitor.training).to_contain_text("1 epoch is trained")
    assert (own_server.weights / "plain-p0.30-digits-e1.safetensors").exists()


@linux
def test_lack_of_memory_is_reported_and_the_page_stays_usable(
    own_server: Server, visitor: Playground, mnist_folder: Path
) -> None:
    visitor.open("batch_size=60000&epochs=1")
    expect(visitor.keyed("random_sample")).to_be_visible()
    process = own_server.process
    process.rlimit(psutil.RLIMIT_AS, (process.memory_info().vms + 300 * 2**20, psutil.RLIM_INFINITY))
    visitor.click("train")
    expect(visitor.training).to_contain_text("There is not enough memory for this run")
    visitor.draw(SEVEN)
    expect(visitor.answer).to_have_text("7")
    visitor.open("dataset=digits&epochs=1")
    visitor.click("train")
    expect(visitor.training).to_contain_text("1 epoch is trained")
