// The head of the page: what layer it is and what happens; and its foot.
import { Choice } from "../controls.mjs";
import { h, setText } from "../dom.mjs";
import { engine } from "../engine.mjs";
import { shapeText } from "../text.mjs";
import { leadOf, noteOf, titleOf } from "../words.mjs";

export class Head {
  #state;

  constructor(state, theme) {
    this.#state = state;
    const directions = ["forward", "backward"].map((word) => [word, word]);
    this.direction = new Choice("direction", directions, (direction) => state.set({ direction }));
    this.title = h("h1", {});
    this.shapes = h("p", { class: "shapes" });
    this.lead = h("p", { class: "lead" });
    this.made = h("p", {});
    const switches = h("div", { class: "switches" }, this.direction.element, theme.button);
    this.element = h("header", {}, h("div", {}, this.title, this.shapes), switches, this.lead);
    this.foot = h("footer", {}, h("p", {}, noteOf(state.layer)), this.made);
  }

  show() {
    const { layer, isBackward, direction } = this.#state;
    setText(this.title, titleOf(layer, isBackward));
    document.title = titleOf(layer, isBackward);
    setText(this.lead, leadOf(layer, isBackward));
    const output = `${layer.isConv ? "Z" : "A"} ${shapeText(layer.outputShape)}`;
    setText(this.shapes, `A_prev ${shapeText(layer.input.shape)} → ${output}, ${layer.dtype}`);
    this.direction.show(direction);
    const who = `${engine.name} computes them`;
    setText(this.made, `Made by convstep. Its numbers are the library's, to the last bit; ${who}.`);
  }
}
