"""What the tests of the page share: Debian's Chromium, pages in it, and arrays out of them."""

import base64
import pathlib
import re
import shutil
from collections.abc import Callable, Iterator

import numpy as np
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


def numbers(page: Page, expression: str) -> np.ndarray:
    """A typed array of the page, with all its bits."""
    kind, text = page.evaluate(
        f"""() => {{
          const array = {expression};
          const bytes = new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
          let text = "";
          for (const byte of bytes) text += String.fromCharCode(byte);
          return [array.constructor.name, btoa(text)];
        }}"""
    )
    return np.frombuffer(base64.b64decode(text), {"Float32Array": "<f4", "Float64Array": "<f8"}[kind])


def shown(page: Page, figure: str) -> list[str]:
    """The numbers that a figure's table shows, row by row."""
    return page.locator(f".figure.{figure} > .grid .cell").all_inner_texts()


def printed(x: float, digits: int) -> str:
    """What the page prints of a number: rounded from its exact value, halves away from 0, with a real minus."""
    import decimal

    quantum = decimal.Decimal(1).scaleb(-digits)
    text = str(decimal.Decimal(float(x)).quantize(quantum, decimal.ROUND_HALF_UP))
    return ("0." + "0" * digits if float(text) == 0 else text).replace("-", "−")


def digits_of(texts: list[str]) -> int:
    """How many digits after the point the page has chosen for a table."""
    (digits,) = {len(text.partition(".")[2]) for text in texts if text}
    return digits
