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
    """What the page prints of a number: rounded from its exact value, halves away from 0, with a real minus; what would
    round to 0 without being 0 has one digit."""
    quantum = decimal.Decimal(1).scaleb(-digits)
    text = str(decimal.Decimal(float(x)).quantize(quantum, decimal.ROUND_HALF_UP))
    if float(text) == 0:
        text = one_digit(x) if x != 0 else f"{0:.{digits}f}"
    return text.replace("-", "−")


def one_digit(x: float) -> str:
    mantissa, exponent = f"{x:.0e}".split("e")
    return f"{x:.1g}" if abs(x) >= 0.01 else f"{mantissa}e{int(exponent)}"
