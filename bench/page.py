"""How fast the page of convstep explain is: opened, edited and played, for a picture of 200x200 pixels under 8 filters.

    .venv/bin/python bench/page.py           after make test-web, which brings Chromium

Prints milliseconds, and of each play the frames a second and the longest of 95 in 100 frames. A browser without a screen shows
60 frames a second at most.
"""

import pathlib
import shutil
import statistics
import tempfile
import time

import numpy as np
from playwright.sync_api import Page, sync_playwright

import convstep

SECONDS = 5
FRAMES = """async (seconds) => {
  const times = [];
  const end = performance.now() + 1000 * seconds;
  await new Promise((resolve) => {
    const frame = (now) => {
      times.push(now);
      if (now < end) requestAnimationFrame(frame);
      else resolve();
    };
    requestAnimationFrame(frame);
  });
  return times.slice(1).map((time, k) => time - times[k]);
}"""


def play(page: Page, what: str) -> None:
    page.evaluate("convstep.state.moveTo(0)")
    page.keyboard.press(" ")
    gaps = sorted(page.evaluate(FRAMES, SECONDS))
    page.keyboard.press(" ")
    rate = 1000 / statistics.mean(gaps)
    print(f"{what:<44} {rate:5.1f} frames a second, 95 in 100 within {gaps[int(len(gaps) * 0.95)]:.1f} ms")


def milliseconds(page: Page, what: str, action: str) -> None:
    taken = page.evaluate(f"(() => {{ const start = performance.now(); {action}; return performance.now() - start; }})()")
    print(f"{what:<44} {taken:5.0f} ms")


def measure(page: Page, path: pathlib.Path) -> None:
    start = time.perf_counter()
    page.goto(path.as_uri())
    page.evaluate("new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))")
    print(f"{'opened and drawn':<44} {1000 * (time.perf_counter() - start):5.0f} ms, {path.stat().st_size / 1e6:.1f} MB")
    print(f"{'computed by':<44} {page.evaluate('convstep.engine.name')}")
    milliseconds(page, "a weight changed", "convstep.layer.setWeight(1, 1, 0, 0, 0.5); convstep.state.set({})")
    milliseconds(page, "the padding changed", "convstep.state.change('pad', 2)")
    page.evaluate("convstep.state.change('pad', 1)")
    for presses, speed in ((0, "60"), (1, "300"), (1, "1500")):
        for _ in range(presses):
            page.keyboard.press("+")
        play(page, f"forward, {speed} positions a second")
    milliseconds(page, "turned backward", "convstep.state.set({ direction: 'backward', soFar: false })")
    play(page, "backward, 1500 positions a second")
    for _ in range(2):
        page.keyboard.press("-")
    play(page, "backward, 60 positions a second")


def main() -> None:
    random = np.random.default_rng(1)
    picture = random.random((1, 200, 200, 3), np.float32)
    filters = random.normal(size=(3, 3, 3, 8)).astype(np.float32)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        path = pathlib.Path(folder) / "page.html"
        convstep.explain(picture, filters, hparameters={"stride": 1, "pad": 1}).save(path)
        chromium = shutil.which("chromium") or "/usr/bin/chromium"
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        measure(browser.new_page(viewport={"width": 1280, "height": 900}), path)
        browser.close()


if __name__ == "__main__":
    main()
