"""Numbers out of a page: arrays with their bits, and texts as they are shown."""

import base64
import decimal

import numpy as np
from playwright.sync_api import Page


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
    quantum = decimal.Decimal(1).scaleb(-digits)
    text = str(decimal.Decimal(float(x)).quantize(quantum, decimal.ROUND_HALF_UP))
    return ("0." + "0" * digits if float(text) == 0 else text).replace("-", "−")


def digits_of(texts: list[str]) -> int:
    """How many digits after the point the page has chosen for a table."""
    (digits,) = {len(text.partition(".")[2]) for text in texts if text}
    return digits
