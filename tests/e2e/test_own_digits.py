"""The visitor's own digits in a browser: by keyboard, and learned."""

import re

from playwright.sync_api import expect

from .conftest import ONE, SEVEN, Playground


def keep(playground: Playground, strokes: tuple[tuple[tuple[float, float], ...], ...], key: str) -> None:
    """Draw a digit, and press the key of what it is."""
    playground.draw(*strokes)
    expect(playground.keyed("true_digit")).to_contain_text("Which digit did you write?")
    playground.page.keyboard.press(key)
    expect(playground.keyed("true_digit")).to_contain_text("You wrote:")


def test_network_learns_the_hand_of_one_visitor_only(playground: Playground, other_person: Playground) -> None:
    playground.open("dataset=digits&epochs=3&seed=31&learning_rate=0.002")
    playground.click("train")
    playground.click("use_dropout")
    model = playground.keyed("model_choice").get_by_role("combobox")
    expect(model).to_have_value(re.compile("^Mine: "))
    keep(playground, (SEVEN,), "7")
    playground.click("clear")
    expect(playground.keyed("true_digit")).to_have_count(0)
    keep(playground, (ONE,), "1")
    expect(playground.keyed("own_digits")).to_contain_text("2 of your digits")
    playground.click("learn_hand")
    report = playground.keyed("hand_report")
    expect(report).to_contain_text("The network has learned from 2 of your digits, and answers now.")
    expect(model).to_have_value(re.compile("learned 2 own digits"))
    expect(playground.answer).to_be_visible()

    other_person.open()
    other_person.keyed("model_choice").get_by_role("combobox").click()
    expect(other_person.page.get_by_role("option", name="augmented · dropout 0.1")).to_be_visible()
    names = other_person.page.get_by_role("option").all_inner_texts()
    assert not [name for name in names if "own digits" in name]


def test_digit_keys_type_numbers_in_fields(playground: Playground) -> None:
    playground.open()
    playground.draw(SEVEN)
    expect(playground.keyed("true_digit")).to_be_visible()
    field = playground.page.get_by_label("Epochs", exact=True)
    field.fill("")
    field.press_sequentially("12")
    expect(field).to_have_value("12")
    field.press("Enter")
    expect(playground.keyed("true_digit")).to_contain_text("Which digit did you write?")
    expect(playground.keyed("own_digits")).to_have_count(0)
