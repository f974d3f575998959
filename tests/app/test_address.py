"""What is seen, in the page's address."""

import pytest

from .page import OpenPage, checked, texts

pytestmark = pytest.mark.slow


def test_address_opens_models_and_the_test_image(open_page: OpenPage) -> None:
    page = open_page(model="plain-p0.50", compare="plain-p0.00", input="test", image="7")
    assert page.selectbox(key="model_choice").value.endswith("plain-p0.50.safetensors")
    assert page.selectbox(key="comparison_choice").value.endswith("plain-p0.00.safetensors")
    assert page.number_input(key="test_image").value == 7
    assert "Ignored" not in texts(page)


def test_what_is_chosen_goes_into_the_address(open_page: OpenPage) -> None:
    page = open_page()
    assert not page.query_params
    model = next(option for option in page.selectbox(key="model_choice").options if "0.5" in option)
    checked(page.selectbox(key="model_choice").select(model).run())
    checked(page.segmented_control(key="input_source").set_value("Use a test image").run())
    checked(page.number_input(key="test_image").set_value(12).run())
    seen = {name: "".join(value) for name, value in page.query_params.items()}
    assert seen == {"model": "plain-p0.50", "input": "test", "image": "12"}
    checked(page.segmented_control(key="input_source").set_value("Draw").run())
    assert set(page.query_params) == {"model"}


@pytest.mark.parametrize("image", ["-1", "1e9", "99999999999", "seven", "²"])
def test_unknown_values_in_the_address_are_ignored(open_page: OpenPage, image: str) -> None:
    page = open_page(model="../secret", compare="nothing", input="magic")
    assert page.selectbox(key="model_choice").value.endswith("augmented.safetensors")
    page = open_page(input="test", image=image)
    assert page.number_input(key="test_image").value >= 0
