"""The page for everybody: found in order by axe, on a telephone, without motion, in light and dark."""

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

import convstep

POOLING = np.random.RandomState(1).randn(2, 6, 6, 3)
PICTURE = np.random.default_rng(1).random((1, 60, 80, 3), np.float32)
FILTERS = np.random.default_rng(2).normal(size=(5, 5, 3, 4)).astype(np.float32)
LARGE_FILTERS = 1000 * np.random.default_rng(3).normal(size=(9, 9, 3, 2)).astype(np.float32)
PAGES = {
    "conv": lambda: convstep.explain(),
    "pool": lambda: convstep.explain(POOLING, hparameters={"stride": 1, "f": 3}),
    "large window": lambda: convstep.explain(PICTURE, LARGE_FILTERS, hparameters={"stride": 2, "pad": 0}),
    "picture": lambda: convstep.explain(PICTURE, FILTERS, hparameters={"stride": 1, "pad": 2}),
}


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("direction", ["forward", "backward"])
@pytest.mark.parametrize("kind", PAGES)
def test_axe_finds_nothing_serious(opened, kind, direction, theme):
    page = opened(PAGES[kind](), theme=theme)
    page.get_by_role("button", name=direction).click()
    violations = Axe().run(page).response["violations"]
    found = [(v["impact"], v["id"], [node["html"] for node in v["nodes"]][:3]) for v in violations]
    assert [one for one in found if one[0] in ("serious", "critical")] == []


# What sticks out of the window, or of a box that cuts it off.
CUT_OFF = """() => [...document.querySelectorAll("#page *")].filter((element) => {
  const box = element.getBoundingClientRect();
  if (box.width === 0 || element.parentElement.closest(".terms[tabindex]") || element.closest(".spoken, .frames, .written-out")) return false;
  const overflow = getComputedStyle(element).overflowX;
  const scrolls = overflow === "auto" && element.tabIndex === 0; // with keys, too
  const clips = overflow !== "visible" && !scrolls && element.tagName !== "INPUT";
  return box.right > innerWidth + 0.5 || box.left < -0.5 || (clips && element.scrollWidth > element.clientWidth + 1);
}).map((element) => `${element.tagName}.${element.className} ${element.textContent.slice(0, 40)}`)"""


@pytest.mark.parametrize("direction", ["forward", "backward"])
@pytest.mark.parametrize("kind", PAGES)
@pytest.mark.parametrize("width", [360, 768, 1280])
def test_nothing_is_cut_off(opened, kind, direction, width):
    page = opened(PAGES[kind](), width=width, height=740)
    page.get_by_role("button", name=direction).click()
    page.keyboard.press("End")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate(CUT_OFF) == []


def test_fingers_can_press_the_buttons(opened):
    page = opened(convstep.explain(), width=360, height=740, has_touch=True, is_mobile=True)
    page.locator(".figure.output > .grid .cell").nth(5).tap()
    expect(page.locator(".place")).to_contain_text("output (1, 1)")
    sizes = page.evaluate("[...document.querySelectorAll('.bar button')].map((b) => b.offsetHeight).filter((h) => h > 0)")
    assert min(sizes) >= 24  # WCAG 2.5.8


def test_without_motion_the_window_does_not_glide(opened):
    def glide(**more: object) -> str:
        page = opened(convstep.explain(), **more)
        return page.evaluate("getComputedStyle(document.querySelector('.frame.window')).transitionDuration")

    assert glide() != "0s"
    assert glide(reduced_motion="reduce") == "0s"


def test_light_and_dark(opened):
    background = "getComputedStyle(document.documentElement).backgroundColor"
    light, dark = (opened(convstep.explain(), theme=theme) for theme in ("light", "dark"))
    colours = light.evaluate(background), dark.evaluate(background)
    assert colours[0] != colours[1]
    dark.get_by_role("button", name="Light").click()
    assert dark.evaluate(background) == colours[0]


def test_jupyter_shows_it_in_a_frame(browser):
    context = browser.new_context()
    page = context.new_page()
    page.set_content(f"<!doctype html><body>{convstep.explain()._repr_html_()}</body>")
    frame = page.frame_locator("iframe")
    expect(frame.locator("h1")).to_have_text("Convolution, forward")
    frame.get_by_role("button", name="One output on").click()
    expect(frame.locator(".place")).to_have_text("output (0, 1), 2 of 12")
    context.close()
