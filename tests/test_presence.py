"""Who is here, with a clock that the test sets."""

from dropout_mnist.server.presence import FORGOTTEN, GONE, Presence

from .clock import Clock


def test_somebody_is_gone_five_minutes_after_closing_the_last_page() -> None:
    clock = Clock()
    presence = Presence(clock)
    presence.arrive("me")
    presence.arrive("me")
    presence.leave("me")
    clock.now += 2 * GONE
    assert not presence.is_gone("me")
    presence.leave("me")
    assert not presence.is_gone("me")
    clock.now += GONE
    assert presence.is_gone("me")
    presence.arrive("me")
    assert not presence.is_gone("me")


def test_somebody_never_seen_is_not_gone() -> None:
    clock = Clock()
    presence = Presence(clock)
    clock.now += 2 * GONE
    assert not presence.is_gone("you")


def test_those_who_left_long_ago_are_forgotten() -> None:
    clock = Clock()
    presence = Presence(clock)
    presence.arrive("me")
    presence.leave("me")
    clock.now += FORGOTTEN
    assert presence.is_gone("me")
    presence.arrive("you")
    presence.leave("you")
    assert not presence.is_gone("me")


def test_open_pages_of_all_are_counted() -> None:
    presence = Presence(Clock())
    assert presence.pages == 0
    for person in ("me", "me", "you"):
        presence.arrive(person)
    assert presence.pages == 3
    presence.leave("me")
    presence.leave("you")
    assert presence.pages == 1
