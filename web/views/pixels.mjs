// A large array as a picture: a pixel for each number, as large on the screen as there is room.
import { h } from "../dom.mjs";
import { colourKey, pixelColour } from "./colours.mjs";

export class Pixels {
  #image;
  #values;
  #key;

  constructor(rows, columns) {
    this.rows = rows;
    this.columns = columns;
    this.element = h("canvas", { class: "pixels", width: columns, height: rows });
    this.context = this.element.getContext("2d");
    this.#image = this.context.createImageData(columns, rows);
    this.pixels = new Uint32Array(this.#image.data.buffer);
  }

  at(event) {
    const box = this.element.getBoundingClientRect();
    const within = (value, count) => Math.min(Math.max(Math.floor(value), 0), count - 1);
    return {
      row: within(((event.clientY - box.top) / box.height) * this.rows, this.rows),
      column: within(((event.clientX - box.left) / box.width) * this.columns, this.columns),
    };
  }

  // As Cells, but that there is no look. What the loops have not reached is cut off, which paints nothing anew.
  paint(values, range, _look, reached) {
    this.element.style.clipPath = this.#reachedShape(reached);
    const key = colourKey(range);
    if (this.#values === values && this.#key === key) return;
    this.#values = values;
    this.#key = key;
    for (let k = 0; k < values.length; ++k) this.pixels[k] = pixelColour(values[k], range);
    this.context.putImageData(this.#image, 0, 0);
  }

  // Whole rows, and a part of the next one.
  #reachedShape(reached) {
    if (reached >= this.rows * this.columns) return "";
    const row = Math.floor(reached / this.columns);
    const x = percent((reached % this.columns) / this.columns);
    const [y, below] = [row, row + 1].map((edge) => percent(edge / this.rows));
    return `polygon(0 0, 100% 0, 100% ${y}, ${x} ${y}, ${x} ${below}, 0 ${below})`;
  }

  resize() {}
}

const percent = (part) => `${(100 * part).toFixed(3)}%`;
