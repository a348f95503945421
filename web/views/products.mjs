// Small tables of what is multiplied, one for each channel, laid out as the window is.
import { h, setText } from "../dom.mjs";
import { compact } from "../text.mjs";
import { cssColour } from "./colours.mjs";

export const MOST_PRODUCTS = 300;
const SCROLLS_FROM = 6; // columns, on a telephone

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
        setText(cell.a, compact(a, 2, 7));
        setText(cell.b, `× ${compact(b, 2, 5)}`);
        setText(cell.product, compact(product, 2, 6));
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
        const onpointerenter = () => this.onPoint({ c, k });
        return { a, b, product, element: h("div", { class: "term", onpointerenter }, a, b, product) };
      });
      const wide = columns > SCROLLS_FROM && { tabindex: 0, role: "group", "aria-label": `Products of channel ${c}` };
      const attributes = { class: "terms", style: `--columns:${columns}`, ...wide };
      const grid = h("div", attributes, ...made.map(({ element }) => element));
      return { title, cells: made, element: h("div", { class: "card" }, title, grid) };
    });
    this.element.replaceChildren(...this.#cards.map(({ element }) => element));
  }
}
