"""What the tests of the page share: Debian's Chromium, and pages in it."""

import pathlib
import re
import shutil
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

import convstep

CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
SECONDS = 1000


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        # As root, in a container, there is no sandbox to be had.
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield chromium
        chromium.close()


def without_wasm(made: convstep.Page) -> convstep.Page:
    """The page as it is where `make wasm` was not called."""
    return convstep.Page(re.sub(r'(<script type="text/plain" id="wasm">)[^<]*', r"\1", made.html))


@pytest.fixture
def opened(browser: Browser, tmp_path: pathlib.Path) -> Iterator[Callable[..., Page]]:
    """Opens a page of convstep.explain from its file. It may ask the network for nothing, and makes no error."""
    contexts, errors = [], []

    def open_page(
        made: convstep.Page, width: int = 1280, height: int = 900, theme: str = "light", wasm: bool = True, **more: object
    ) -> Page:
        path = tmp_path / f"page{len(contexts)}.html"
        (made if wasm else without_wasm(made)).save(path)
        context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=theme, **more)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(20 * SECONDS)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("request", lambda request: None if request.url.startswith("file:") else errors.append(request.url))
        page.goto(path.as_uri())
        if wasm and made.html != without_wasm(made).html:
            page.wait_for_function("convstep.engine.name === 'WebAssembly'")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert errors == []
