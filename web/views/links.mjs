// What leads from the window over the filter to the output: two beams, where the figures stand side by side.
import { svg } from "../dom.mjs";

const SIDE_BY_SIDE = matchMedia("(min-width: 941px)"); // as style/screens.css has it

export class Links {
  #ends;

  // `figures` holds the figures; `ends()` gives three boxes of the screen.
  constructor(figures, ends) {
    this.figures = figures;
    this.#ends = ends;
    this.beams = [0, 1].map(() => svg("path", { class: "beam" }));
    this.element = svg("svg", { class: "links", "aria-hidden": "true" }, ...this.beams);
    new ResizeObserver(() => this.show()).observe(figures);
    SIDE_BY_SIDE.addEventListener("change", () => this.show());
  }

  // Not while the play is fast: to ask where things are makes the browser lay out the page.
  show() {
    const isFast = document.documentElement.classList.contains("fast");
    this.element.style.display = SIDE_BY_SIDE.matches && !isFast ? "" : "none";
    if (!SIDE_BY_SIDE.matches || isFast) return;
    const { left, top } = this.figures.getBoundingClientRect();
    const boxes = this.#ends();
    this.beams.forEach((beam, k) => {
      const [from, to] = [boxes[k], boxes[k + 1]];
      const corners = [[from.right, from.top], [to.left, to.top], [to.left, to.bottom], [from.right, from.bottom]];
      const points = corners.map(([x, y]) => `${(x - left).toFixed(1)} ${(y - top).toFixed(1)}`);
      beam.setAttribute("d", `M${points.join("L")}Z`);
    });
  }
}
