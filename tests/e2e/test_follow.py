import re

from playwright.sync_api import Browser, expect

from .conftest import ONE, Playground, watched


def test_class_follows_the_lecturers_run_by_its_link_and_uses_the_network(
    playground: Playground, browser: Browser, server: str
) -> None:
    playground.open("dataset=digits&batch_size=8&learning_rate=0.0001&epochs=40&seed=7")
    playground.click("train")
    playground.keyed("share").locator("label").click()
    link = playground.page.get_by_test_id("stCode").filter(has_text="follow=").inner_text().strip()
    assert link.startswith(server)
    qr_code = playground.page.get_by_role("img", name="QR code of the link")
    expect(qr_code).to_be_visible()
    assert qr_code.evaluate("image => image.naturalWidth") > 0
    with browser.new_context(viewport={"width": 375, "height": 812}) as phone, watched(phone.new_page()) as page:
        follower = Playground(page, server)
        page.goto(link)
        followed = follower.keyed("followed")
        expect(followed).to_contain_text(re.compile(r"Epoch \d+ of 40"))
        # Its charts grow by themselves, and it can draw meanwhile.
        followed.get_by_role("button", name=re.compile(r"Show data: Losses of \d+ epoch")).wait_for(state="attached")
        follower.draw(ONE)
        expect(follower.answer).to_be_visible()
        expect(follower.keyed("train")).to_have_count(0)
        playground.click("stop")
        follower.click("use_dropout")
        expect(followed).to_contain_text("This network answers your drawings.")
        expect(follower.answer).to_be_visible()
        page.goto(f"{link}x")
        expect(followed).to_contain_text("This link leads to no run.")
