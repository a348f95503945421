// The frames that lie over a grid: the window, the output, the element. They are measured in cells, whatever size these
// have on the screen, and move smoothly where the reader has nothing against motion.
import { svg } from "../dom.mjs";

export class Frames {
  #frames = new Map();

  constructor() {
    this.element = svg("svg", { class: "frames", preserveAspectRatio: "none", "aria-hidden": "true" });
  }

  resize(rows, columns) {
    this.element.setAttribute("viewBox", `0 0 ${columns} ${rows}`);
  }

  // Puts the frame of this name there, or takes it away: { row, column, height, width } or undefined. Its look is that
  // of its class.
  place(name, box, look = name) {
    let frame = this.#frames.get(name);
    if (!frame) {
      frame = svg("rect", { class: `frame ${look}`, "vector-effect": "non-scaling-stroke" });
      this.#frames.set(name, frame);
      this.element.append(frame);
    }
    frame.style.display = box ? "" : "none";
    if (!box) return;
    frame.setAttribute("width", box.width);
    frame.setAttribute("height", box.height);
    frame.style.transform = `translate(${box.column}px, ${box.row}px)`;
  }
}
