// What is around the window in a picture, enlarged: there a window is a few pixels of the screen.
import { h } from "../dom.mjs";
import { Frames } from "./frames.mjs";
import { Pixels } from "./pixels.mjs";

const MARGIN = 4; // elements on each side of the window

export class Loupe {
  constructor() {
    this.frames = new Frames();
    this.picture = h("div", { class: "grid picture" }, this.frames.element);
    const caption = h("figcaption", { class: "line" }, "around the window");
    this.element = h("figure", { class: "loupe", "aria-hidden": "true" }, this.picture, caption);
  }

  // `array` is what the grid shows, `box` where the window lies in it.
  show(array, box) {
    const height = Math.min(box.height + 2 * MARGIN, array.rows);
    const width = Math.min(box.width + 2 * MARGIN, array.columns);
    const top = Math.min(Math.max(box.row - MARGIN, 0), array.rows - height);
    const left = Math.min(Math.max(box.column - MARGIN, 0), array.columns - width);
    const values = new array.values.constructor(height * width);
    for (let row = 0; row < height; ++row) {
      const from = (top + row) * array.columns + left;
      values.set(array.values.subarray(from, from + width), row * width);
    }
    if (this.pixels?.rows !== height || this.pixels.columns !== width) this.#build(height, width);
    this.pixels.paint(values, array.range, undefined, values.length);
    this.frames.place("window", { ...box, row: box.row - top, column: box.column - left });
  }

  #build(height, width) {
    this.pixels?.element.remove();
    this.pixels = new Pixels(height, width);
    this.picture.style.setProperty("--ratio", `${width} / ${height}`);
    this.picture.prepend(this.pixels.element);
    this.frames.resize(height, width);
  }
}
