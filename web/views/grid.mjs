// One channel of an array on the screen, with frames over it: a table of numbers while it is small, else a picture.
import { h } from "../dom.mjs";
import { Cells } from "./cells.mjs";
import { Frames } from "./frames.mjs";
import { Pixels } from "./pixels.mjs";

const MOST_COLUMNS = 28;
const MOST_CELLS = 500;
const LARGEST_CELL = 52; // pixels of the screen
const LARGEST_PICTURE = 400;

export class Grid {
  #body;
  #watch;

  // `onPick({ row, column })`, where cells can be chosen. A grid that can be walked through by keys is `focusable`.
  constructor({ label, onPick, onPoint, focusable = false }) {
    this.label = label;
    this.focusable = focusable;
    this.frames = new Frames();
    this.element = h("div", { class: "grid", tabindex: focusable ? 0 : undefined }, this.frames.element);
    if (onPick) {
      this.element.classList.add("pickable");
      this.element.addEventListener("click", (event) => this.#tell(event, onPick));
    }
    this.element.addEventListener("pointermove", (event) => this.#tell(event, onPoint));
    this.element.addEventListener("pointerleave", () => onPoint(undefined));
    this.#watch = new ResizeObserver(() => this.#fit());
    this.#watch.observe(this.element);
  }

  #tell(event, listener) {
    const place = this.#body?.at(event);
    if (place) listener(place);
  }

  #fit() {
    const width = this.element.clientWidth;
    if (this.#body && width) this.#body.resize(width / this.#body.columns);
  }

  #shape(rows, columns) {
    if (this.#body?.rows === rows && this.#body.columns === columns) return;
    const isTable = columns <= MOST_COLUMNS && rows * columns <= MOST_CELLS;
    const body = isTable ? new Cells(rows, columns, this.focusable ? "gridcell" : "cell") : new Pixels(rows, columns);
    const cell = Math.min(LARGEST_CELL, LARGEST_PICTURE / columns, LARGEST_PICTURE / rows);
    this.element.style.setProperty("--width", `${Math.round(columns * (isTable ? LARGEST_CELL : cell))}px`);
    this.element.style.setProperty("--ratio", `${columns} / ${rows}`);
    this.element.setAttribute("role", !isTable ? "img" : this.focusable ? "grid" : "table");
    this.element.classList.toggle("picture", !isTable);
    this.#body?.element.remove();
    this.#body = body;
    this.element.prepend(body.element);
    this.frames.resize(rows, columns);
    this.#fit();
  }

  // Numbers row by row. `look` and `reached` are those of Cells and Pixels.
  show({ values, rows, columns, range, label, look = () => "", reached = values.length }) {
    this.#shape(rows, columns);
    if (this.element.getAttribute("aria-label") !== label) this.element.setAttribute("aria-label", label);
    const waiting = (row, column) => (row * columns + column < reached ? "" : "waiting ");
    this.#body.paint(values, range, (row, column) => waiting(row, column) + look(row, column), reached);
  }

  get isPicture() {
    return this.#body instanceof Pixels;
  }

  // The window, which in a picture is small: bands across the picture lead to it.
  placeWindow(box) {
    const { rows, columns } = this.#body;
    const only = (frame) => (this.isPicture ? frame : undefined);
    this.frames.place("row-band", only({ ...box, column: 0, width: columns }), "band");
    this.frames.place("column-band", only({ ...box, row: 0, height: rows }), "band");
    this.frames.place("halo", only(box));
    this.frames.place("window", box);
  }

  // Where on the screen a box of cells is.
  rectOf({ row, column, height, width }) {
    const { rows, columns } = this.#body;
    const { left, top, width: wide, height: high } = this.element.getBoundingClientRect();
    const x = (k) => left + (wide * k) / columns;
    const y = (k) => top + (high * k) / rows;
    return { left: x(column), right: x(column + width), top: y(row), bottom: y(row + height) };
  }

  // The cell that a screen reader is to read.
  activate(row, column) {
    const cell = this.#body.cell?.(row, column);
    if (!cell) return this.element.removeAttribute("aria-activedescendant");
    this.element.setAttribute("aria-activedescendant", cell.id);
    this.active?.removeAttribute("aria-selected");
    cell.setAttribute("aria-selected", "true");
    this.active = cell;
    return undefined;
  }
}
