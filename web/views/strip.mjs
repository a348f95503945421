// A row of thumbnails, one for each channel or filter, of which one is chosen.
import { h, setText } from "../dom.mjs";
import { Frames } from "./frames.mjs";
import { Pixels } from "./pixels.mjs";

export const MOST_THUMBNAILS = 64;

export class Strip {
  #items = [];

  // `keys` reach those, too, for which there is no thumbnail.
  constructor({ noun, keys, onChoose }) {
    this.noun = noun;
    this.keys = keys;
    this.onChoose = onChoose;
    this.list = h("div", { class: "thumbnails", role: "group", "aria-label": `Choose a ${noun}` });
    this.rest = h("p", { class: "rest" });
    this.element = h("div", { class: "strip" }, this.list, this.rest);
  }

  // `paint(index)` gives what a Grid's show() takes; `name(index)` a name of its own, or undefined.
  show(count, chosen, paint, name, box) {
    const shown = Math.min(count, MOST_THUMBNAILS);
    this.element.hidden = count < 2;
    setText(this.rest, shown < count ? `… and ${count - shown} more, which the keys ${this.keys} reach` : "");
    if (count < 2) return;
    if (this.#items.length !== shown) this.#build(shown);
    this.#items.forEach((item, index) => {
      const { values, rows, columns, range, reached } = paint(index);
      if (item.pixels?.rows !== rows || item.pixels.columns !== columns) {
        item.pixels?.element.remove();
        item.pixels = new Pixels(rows, columns);
        item.frames.resize(rows, columns);
        item.picture.style.aspectRatio = `${columns} / ${rows}`;
        item.picture.prepend(item.pixels.element);
      }
      item.pixels.paint(values, range, undefined, reached);
      item.frames.place("window", box);
      item.button.setAttribute("aria-pressed", String(index === chosen));
      const title = name?.(index) ?? `${this.noun} ${index}`;
      item.button.setAttribute("aria-label", title);
      item.button.title = title;
      setText(item.number, String(index));
    });
  }

  #build(count) {
    this.list.replaceChildren();
    this.#items = Array.from({ length: count }, (_, index) => {
      const frames = new Frames();
      const picture = h("span", { class: "thumbnail" }, frames.element);
      const number = h("span", { class: "number" });
      const button = h("button", { type: "button", onclick: () => this.onChoose(index) }, picture, number);
      this.list.append(button);
      return { frames, picture, number, button };
    });
  }
}
