"""The settings as code."""

import pytest

from dropout_mnist.config import TrainConfig
from dropout_mnist.export.script import write_script

from .page import OpenPage, checked, texts

pytestmark = pytest.mark.slow


def test_settings_are_shown_as_a_script_and_as_a_command(open_page: OpenPage) -> None:
    page = open_page(drop_prob="0.5", epochs="2")
    before = len(page.code)
    checked(page.button(key="as_code").click().run())
    script, command = (block.value for block in page.code[before:])
    assert script == write_script(TrainConfig(drop_prob=0.5, epochs=2)).rstrip()
    assert command == "dropout-mnist train --recipe plain --drop-prob 0.5 --epochs 2"


def test_augmented_recipe_is_shown_as_a_command_and_the_reason_is_given(open_page: OpenPage) -> None:
    page = open_page(recipe="augmented")
    checked(page.button(key="as_code").click().run())
    assert [block.value for block in page.code[-1:]] == ["dropout-mnist train --recipe augmented --drop-prob 0.1"]
    assert "The augmented recipe does not fit into a short script" in texts(page)
