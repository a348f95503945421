// A small array as a table of numbers on their colours. Rows and cells are those of a table to a screen reader, too.
import { h, setText } from "../dom.mjs";
import { fitting } from "../text.mjs";
import { colourKey, cssColour, isDark } from "./colours.mjs";

let tables = 0;

export class Cells {
  #cells = [];
  #size = 0;
  #values;
  #key;

  // `cellRole` is "gridcell" where a cell can be chosen, else "cell".
  constructor(rows, columns, cellRole) {
    const id = `table${++tables}`;
    this.rows = rows;
    this.columns = columns;
    this.element = h("div", { class: "cells", role: "presentation", style: `--columns:${columns}` });
    for (let row = 0; row < rows; ++row) {
      const line = h("div", { class: "row", role: "row" });
      for (let column = 0; column < columns; ++column) {
        const cell = h("div", { class: "cell", role: cellRole, id: `${id}-${row}-${column}` });
        this.#cells.push(cell);
        line.append(cell);
      }
      this.element.append(line);
    }
  }

  cell(row, column) {
    return this.#cells[row * this.columns + column];
  }

  // The row and column of the cell that an event is about.
  at(event) {
    const cell = event.target.closest(".cell");
    if (!cell) return undefined;
    const [, row, column] = cell.id.split("-");
    return { row: Number(row), column: Number(column) };
  }

  // Numbers row by row; `look(row, column)` is a class for what is special: "padding", "waiting".
  paint(values, range, look, reached) {
    const key = `${colourKey(range)} ${reached}`;
    if (this.#values === values && this.#key === key) return;
    this.#values = values;
    this.#key = key;
    this.#cells.forEach((cell, k) => {
      const x = values[k];
      const special = look(Math.floor(k / this.columns), k % this.columns);
      const waiting = special.includes("waiting");
      cell.className = `cell ${special}${isDark(x, range) ? " dark" : ""}`;
      cell.style.backgroundColor = waiting ? "" : cssColour(x, range);
    });
    this.#write();
  }

  resize(cellSize) {
    this.#size = cellSize;
    this.#write();
  }

  // As many digits as there is room for.
  #write() {
    if (!this.#size || !this.#values) return;
    const { texts, font, isReadable } = fitting(Array.from(this.#values), this.#size);
    this.element.style.fontSize = `${font.toFixed(1)}px`;
    this.element.classList.toggle("tiny", !isReadable);
    this.#cells.forEach((cell, k) => setText(cell, cell.classList.contains("waiting") ? "" : texts[k]));
  }
}
