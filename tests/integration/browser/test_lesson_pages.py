"""Reading the lessons in a browser."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Page, expect

STEP = "swarm-basics/join-workers.html"


def read_clipboard(page: Page) -> str:
    """Return the text in the clipboard."""
    copied: str = page.evaluate("navigator.clipboard.readText()")
    return copied


def test_navigation(page: Page, address: str) -> None:
    """Links lead from the front page into a lab, through its steps, and back."""
    page.goto(address)
    page.get_by_role("link", name="Swarm from the ground up").first.click()
    page.get_by_role("link", name="Start the lab").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("One engine, and its limits")
    page.get_by_role("link", name="Next Create the swarm").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Create the swarm")
    page.get_by_role("link", name="Previous One engine, and its limits").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("One engine, and its limits")


def test_last_step(page: Page, address: str) -> None:
    """The last step of a lab links to the next lab, and that of the last lab to all labs."""
    page.goto(f"{address}compose-counter/challenge.html")
    page.get_by_role("link", name="Next lab Swarm from the ground up").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Swarm from the ground up")
    page.goto(f"{address}voting-app/challenge.html")
    expect(page.get_by_role("link", name="Labs Back to all labs")).to_be_visible()


def test_keyboard(page: Page, address: str) -> None:
    """Arrow keys turn pages, and the first Tab reaches the link that skips the header."""
    page.goto(f"{address}{STEP}")
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("heading", level=1)).to_have_text("The first service")
    page.keyboard.press("ArrowLeft")
    expect(page.get_by_role("heading", level=1)).to_have_text("Join the workers")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    assert page.url.endswith("#main")


def test_arrow_keys_in_fields(page: Page, address: str) -> None:
    """Arrow keys in an input field do not turn pages."""
    page.goto(f"{address}{STEP}")
    page.locator(".fill input").focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("heading", level=1)).to_have_text("Join the workers")


def test_copy(page: Page, context: BrowserContext, address: str) -> None:
    """A command is copied as the lesson has it, with its line breaks and continuations, and without a prompt."""
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(f"{address}swarm-basics/first-service.html")
    block = page.locator(".cmd", has_text="--name clock")
    block.get_by_role("button", name="Copy").click()
    expect(block.get_by_role("button", name="Copied")).to_be_visible()
    assert read_clipboard(page).startswith(
        "docker service create --detach --init --name clock --replicas 3 busybox \\\n    sh"
    )


def test_values(page: Page, context: BrowserContext, address: str) -> None:
    """An entered value appears in later commands, on later pages, after a reload, and in copied commands."""
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(f"{address}swarm-basics/create-swarm.html")
    page.get_by_label("Its output, to use as <MANAGER_IP>").fill("10.1.2.3")
    page.goto(f"{address}{STEP}")
    page.get_by_label("Its output, to use as <WORKER_TOKEN>").fill("SWMTKN-1-x")
    block = page.locator(".cmd", has_text="docker swarm join --token").last
    block.get_by_role("button", name="Copy").click()
    assert "docker swarm join --token SWMTKN-1-x 10.1.2.3:2377" == read_clipboard(page)
    page.reload()
    expect(block.locator("pre").first).to_have_text("docker swarm join --token SWMTKN-1-x 10.1.2.3:2377")
    page.get_by_label("Its output, to use as").fill("")
    expect(block.locator("pre").first).to_have_text("docker swarm join --token <WORKER_TOKEN> 10.1.2.3:2377")


def test_hostile_value(page: Page, address: str) -> None:
    """HTML in an entered value is shown as text."""
    page.goto(f"{address}{STEP}")
    page.locator(".fill input").fill("<img src=x onerror=alert(1)>")
    expect(page.locator("pre var.filled").first).to_have_text("<img src=x onerror=alert(1)>")
    assert 0 == page.locator("main img").count()


def test_hints(page: Page, address: str) -> None:
    """Each hint level is offered once the previous hint was opened."""
    page.goto(f"{address}{STEP}")
    hints = page.locator(".hint")
    expect(hints.nth(0)).to_be_visible()
    expect(hints.nth(1)).to_be_hidden()
    hints.nth(0).locator("summary").click()
    expect(page.get_by_text("names the node that is missing")).to_be_visible()
    expect(hints.nth(1)).to_be_visible()
    expect(hints.nth(2)).to_be_hidden()


def test_progress(page: Page, address: str) -> None:
    """A marked step stays marked after a reload and on the front page, until the mark is removed."""
    page.goto(f"{address}{STEP}")
    page.get_by_label("I have completed this step").check()
    page.reload()
    expect(page.get_by_label("I have completed this step")).to_be_checked()
    expect(page.locator(".side .reached")).to_have_count(1)
    page.goto(address)
    card = page.locator(".path li", has_text="Swarm from the ground up").first
    expect(card.locator(".reached")).to_contain_text("1 of 11 steps done")
    expect(card.get_by_role("link", name="Continue with step 1")).to_have_attribute(
        "href", "swarm-basics/one-engine.html"
    )
    page.goto(f"{address}{STEP}")
    page.get_by_label("I have completed this step").uncheck()
    page.goto(address)
    expect(card.locator(".reached")).to_have_text("0 of 11 steps done")
    expect(card.get_by_role("link", name="Continue")).to_have_count(0)


def test_theme(page: Page, address: str) -> None:
    """The theme follows the system until the reader chooses one, which then applies from the first paint."""
    page.emulate_media(color_scheme="dark")
    page.goto(address)
    background = "getComputedStyle(document.documentElement).backgroundColor"
    assert "rgb(14, 18, 23)" == page.evaluate(background)
    page.get_by_role("button", name="Switch between light and dark").click()
    assert "rgb(255, 255, 255)" == page.evaluate(background)
    page.goto(f"{address}{STEP}")
    assert "rgb(255, 255, 255)" == page.evaluate(background)


def test_search(page: Page, address: str) -> None:
    """Search opens with a key, finds a step by its words, shows the number of results, and opens the first one."""
    page.goto(f"{address}{STEP}")
    page.keyboard.press("Control+k")
    page.keyboard.type("drain bring back")
    dialog = page.get_by_role("dialog", name="Search lessons, glossary and docs")
    expect(dialog.get_by_role("link").first).to_contain_text("Drain a node, and bring it back")
    expect(dialog.get_by_role("status")).to_contain_text("found")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Drain a node, and bring it back")


def test_search_finds_nothing(page: Page, address: str) -> None:
    """A search without results says so, and Escape closes the dialog."""
    page.goto(address)
    page.get_by_role("button", name="Search").click()
    page.keyboard.type("zzzzz")
    dialog = page.locator("dialog")
    expect(dialog.get_by_role("status")).to_have_text("Nothing found.")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()


def test_excerpts(page: Page, address: str) -> None:
    """Excerpts in search results start and end at word boundaries."""
    page.goto(f"{address}{STEP}")
    page.keyboard.press("Control+k")
    page.keyboard.type("fingerprint")
    shown = page.locator("dialog li", has_text="Join the workers").locator("span").last
    expect(shown).to_contain_text("… ")
    lesson = page.evaluate("labsIndex.find(entry => entry[0] === 'swarm-basics/join-workers.html')[3]")
    words = shown.inner_text().split("…")[1].split()
    assert set() == set(words) - set(lesson.split())


def test_search_in_chinese(page: Page, address: str) -> None:
    """Chinese text is searched without spaces between words."""
    page.goto(f"{address}zh/index.html")
    page.keyboard.press("Control+k")
    page.keyboard.type("加入令牌")
    expect(page.locator("dialog li").first).to_contain_text("加入令牌")


def test_language(page: Page, address: str) -> None:
    """The language switch opens the same step in the other language at the same position."""
    page.goto(f"{address}swarm-basics/first-service.html")
    page.get_by_role("heading", name="A service that talks").scroll_into_view_if_needed()
    page.evaluate("document.getElementById('first-service--c5').scrollIntoView()")
    page.get_by_role("link", name="中文").evaluate("link => link.click()")
    page.wait_for_url("**/zh/swarm-basics/first-service.html#*")
    position = "document.querySelector(location.hash).getBoundingClientRect().top"
    assert abs(page.evaluate(position)) < 300
    assert "first-service--" in page.url
    expect(page.locator("html")).to_have_attribute("lang", "zh")


def test_current_step_is_highlighted(page: Page, address: str) -> None:
    """The single page of a lab highlights the current step in the list of steps."""
    page.goto(f"{address}swarm-basics/on-one-page.html")
    page.evaluate("document.getElementById('scale').scrollIntoView()")
    expect(page.locator(".side .here a").first).to_have_text("Change your mind: scale")


def test_without_scripts(browser: Browser, folder: Path) -> None:
    """Without scripts, and from a file, everything is readable, and no control is shown that needs scripts."""
    context = browser.new_context(java_script_enabled=False, viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.goto(f"file://{folder}/{STEP}")
    expect(page.get_by_role("heading", level=1)).to_have_text("Join the workers")
    for hint in page.locator(".hint").all():
        hint.locator("summary").click()
    expect(page.locator(".hint").last).to_contain_text("docker swarm join --token")
    page.locator(".output summary").first.click()
    expect(page.locator(".output pre").first).to_be_visible()
    expect(page.locator("button:visible, input:visible")).to_have_count(0)
    page.get_by_role("link", name="Next The first service").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("The first service")
    context.close()


def test_from_a_file(page: Page, folder: Path) -> None:
    """From a file, with scripts, search and progress work as from a server."""
    page.goto(f"file://{folder}/{STEP}")
    page.get_by_label("I have completed this step").check()
    page.reload()
    expect(page.get_by_label("I have completed this step")).to_be_checked()
    page.keyboard.press("Control+k")
    page.keyboard.type("quorum")
    expect(page.locator("dialog li").first).to_contain_text("Quorum")


def test_print(page: Page, address: str) -> None:
    """A printed lab shows the expected output, and no interactive elements."""
    page.goto(f"{address}swarm-basics/on-one-page.html")
    page.emulate_media(media="print")
    expect(page.locator(".output pre").first).to_be_visible()
    for selector in (".top", ".side", ".copy", ".fill", ".hint"):
        expect(page.locator(selector).first).to_be_hidden()
    assert page.pdf().startswith(b"%PDF-")
