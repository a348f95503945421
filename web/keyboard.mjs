// The keys of the page. They are listed on it, and letters can be switched off, for those whom single letters disturb.
import { h } from "./dom.mjs";

const TYPING = "input, select, textarea";

export class Keyboard {
  constructor({ state, player, theme }) {
    const { layer } = state;
    const row = () => layer.geometry.width.output;
    const vertical = (by) => () => {
      const y = state.y + by;
      if (y >= 0 && y < layer.geometry.height.output) player.go(state.position + by * row());
    };
    const horizontal = (by) => () => {
      const x = state.x + by;
      if (x >= 0 && x < row()) player.go(state.position + by);
    };
    const cycle = (name, count, by) => () => state.cycle(name, count(), by);
    this.letters = h("input", { type: "checkbox", checked: true });
    this.keys = {
      ArrowLeft: horizontal(-1), ArrowRight: horizontal(1), ArrowUp: vertical(-1), ArrowDown: vertical(1),
      Home: () => player.go(0), End: () => player.go(Infinity),
      " ": () => player.toggle(),
      ",": cycle("channel", () => layer.channels, -1), ".": cycle("channel", () => layer.channels, 1),
      "[": cycle("filter", () => layer.outputs, -1), "]": cycle("filter", () => layer.outputs, 1),
      i: cycle("image", () => layer.images, 1),
      b: () => state.set({ direction: state.isBackward ? "forward" : "backward" }),
      s: () => state.set({ soFar: !state.soFar }),
      "-": () => player.setSpeed(player.speed - 1), "+": () => player.setSpeed(player.speed + 1),
      t: () => theme.toggle(),
    };
    document.addEventListener("keydown", (event) => this.#press(event));
    this.element = this.#help(layer);
  }

  #press(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest(TYPING)) return;
    if (event.key === " " && event.target.closest("button, summary")) return;
    const scrolls = event.key.startsWith("Arrow") && event.target.closest(".written-out, pre");
    const act = this.keys[event.key];
    if (!act || scrolls || (event.key.length === 1 && event.key !== " " && !this.letters.checked)) return;
    event.preventDefault();
    act();
  }

  #help(layer) {
    const rows = [
      ["← → ↑ ↓", "move the output"],
      ["space", "play, pause"],
      ["Home End", "first, last output"],
      ...(layer.channels > 1 ? [[", .", "channel"]] : []),
      ...(layer.isConv && layer.outputs > 1 ? [["[ ]", "filter"]] : []),
      ...(layer.images > 1 ? [["i", "next image"]] : []),
      ["b", "backward, forward"],
      ["s", "only what is computed so far"],
      ["+ −", "speed"],
      ["t", "light, dark"],
    ];
    const term = (keys) => h("dt", {}, ...keys.split(" ").map((key) => h("kbd", {}, key)));
    const list = rows.map(([keys, what]) => h("div", {}, term(keys), h("dd", {}, what)));
    const letters = h("label", { class: "check" }, this.letters, "letters and signs are keys, too");
    return h("section", { class: "keys" }, h("h2", {}, "Keys"), h("dl", {}, ...list), letters);
  }
}
