// A figure of the page: a name, a line of text below it, and what it shows.
import { h, setText } from "../dom.mjs";

export class Figure {
  constructor(kind, ...contents) {
    this.name = h("span", { class: "name" });
    this.shape = h("span", { class: "shape" });
    this.line = h("p", { class: "line" });
    const title = h("h2", {}, this.name, " ", this.shape);
    this.element = h("section", { class: `figure ${kind}` }, title, this.line, ...contents);
  }

  title(name, shape, line) {
    setText(this.name, name);
    setText(this.shape, shape);
    setText(this.line, line);
  }
}
