// Light or dark: as the system has it, until the reader chooses.
import { h, setText } from "./dom.mjs";

export class Theme {
  constructor(onChange) {
    this.system = matchMedia("(prefers-color-scheme: dark)");
    this.onChange = onChange;
    this.button = h("button", { type: "button", class: "plain theme", onclick: () => this.toggle() });
    this.system.addEventListener("change", () => this.show());
    this.show();
  }

  get isDark() {
    return this.chosen ? this.chosen === "dark" : this.system.matches;
  }

  toggle() {
    this.chosen = this.isDark ? "light" : "dark";
    this.show();
  }

  show() {
    document.documentElement.dataset.theme = this.isDark ? "dark" : "light";
    setText(this.button, this.isDark ? "Light" : "Dark");
    this.onChange();
  }
}
