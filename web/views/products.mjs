// Small tables of what is multiplied, one for each channel, laid out as the window is.
import { h, setText } from "../dom.mjs";
import { fixed } from "../text.mjs";
import { cssColour } from "./colours.mjs";

export const MOST_PRODUCTS = 300;

export class Products {
  #cards = [];
  #key = "";

  // `onPoint({ c, k })`: the pointer is over this cell of this card, or over none.
  constructor(onChoose, onPoint) {
    this.onChoose = onChoose;
    this.onPoint = onPoint;
    this.element = h("div", { class: "products", onpointerleave: () => onPoint(undefined) });
  }

  // cards: [{ title, isChosen, cells: [{ factors: [a, b], product, isPadding }] }] of `columns` cells a row.
  show(cards, columns, range) {
    const key = `${cards.length} ${columns} ${cards[0]?.cells.length}`;
    if (key !== this.#key) this.#build(cards, columns);
    this.#key = key;
    cards.forEach(({ title, isChosen, cells }, c) => {
      const card = this.#cards[c];
      setText(card.title, title);
      card.element.classList.toggle("chosen", isChosen);
      cells.forEach(({ factors: [a, b], product, isPadding }, k) => {
        const cell = card.cells[k];
        setText(cell.a, fixed(a, 2));
        setText(cell.b, `× ${fixed(b, 2)}`);
        setText(cell.product, fixed(product, 2));
        cell.element.style.backgroundColor = cssColour(product, range);
        cell.element.classList.toggle("padding", isPadding);
      });
    });
  }

  #build(cards, columns) {
    this.#cards = cards.map(({ cells }, c) => {
      const title = h("button", { type: "button", class: "card-title", onclick: () => this.onChoose(c) });
      const made = cells.map((_, k) => {
        const [a, b, product] = ["factor", "factor", "product"].map((name) => h("span", { class: name }));
        return { a, b, product, element: h("div", { class: "term", onpointerenter: () => this.onPoint({ c, k }) }, a, b, product) };
      });
      const grid = h("div", { class: "terms", style: `--columns:${columns}` }, ...made.map(({ element }) => element));
      return { title, cells: made, element: h("div", { class: "card" }, title, grid) };
    });
    this.element.replaceChildren(...this.#cards.map(({ element }) => element));
  }
}
