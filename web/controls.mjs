// The settings of the layer, and of what is looked at.
import { h, setText } from "./dom.mjs";
import { GRADS } from "./gradients.mjs";
import { LARGEST_PAD, LARGEST_STRIDE, LARGEST_WINDOW } from "./layer.mjs";

function labelled(label, control) {
  const attributes = { class: "control", role: "group", "aria-label": label };
  return h("div", attributes, h("span", { class: "label" }, label), control);
}

// A button that can do nothing keeps the focus, which `disabled` would take from it.
function setDisabled(button, isDisabled) {
  button.setAttribute("aria-disabled", String(isDisabled));
}

// A number with a button on each side.
class Stepper {
  constructor(label, { least, most, onChange }) {
    this.output = h("output", { "aria-live": "off" });
    const move = (by) => {
      const value = this.value + by;
      if (value >= least && value <= most()) onChange(value);
    };
    this.less = h("button", { type: "button", "aria-label": `${label}: less`, onclick: () => move(-1) }, "−");
    this.more = h("button", { type: "button", "aria-label": `${label}: more`, onclick: () => move(1) }, "+");
    this.element = labelled(label, h("span", { class: "stepper" }, this.less, this.output, this.more));
    this.limits = { least, most };
  }

  show(value) {
    this.value = value;
    setText(this.output, String(value));
    setDisabled(this.less, value <= this.limits.least);
    setDisabled(this.more, value >= this.limits.most());
  }
}

// One of a few words.
export class Choice {
  #buttons;

  // options: [[value, text], ...]
  constructor(label, options, onChange) {
    const button = (value, text) => h("button", { type: "button", onclick: () => onChange(value) }, text);
    this.#buttons = options.map(([value, text]) => [value, button(value, text)]);
    this.element = labelled(label, h("span", { class: "choice" }, ...this.#buttons.map(([, made]) => made)));
  }

  show(value) {
    for (const [own, button] of this.#buttons) button.setAttribute("aria-pressed", String(own === value));
  }
}

export class Controls {
  #state;
  #shows = [];

  constructor(state) {
    this.#state = state;
    const { layer } = state;
    const stepper = (name, least, most, label = name) =>
      this.#stepper(label, { least, most: () => most }, () => layer[name], (value) => state.change(name, value));
    const parts = [stepper("stride", 1, LARGEST_STRIDE)];
    if (layer.isConv) parts.push(stepper("pad", 0, LARGEST_PAD));
    parts.push(stepper("side", 1, LARGEST_WINDOW, "window f"));
    if (!layer.isConv) {
      const modes = ["max", "average"].map((mode) => [mode, mode]);
      parts.push(this.#choice("mode", modes, () => layer.mode, (mode) => state.change("mode", mode)));
    }
    if (layer.images > 1) {
      const limits = { least: 0, most: () => layer.images - 1 };
      parts.push(this.#stepper("image", limits, () => state.image, (image) => state.set({ image })));
    }
    const [output, gradient] = layer.isConv ? ["Z", "dZ ="] : ["A", "dA ="];
    const kinds = GRADS.filter((kind) => kind !== "given" || layer.grad);
    const grads = kinds.map((kind) => [kind, kind === "output" ? output : kind]);
    this.grad = this.#choice(gradient, grads, () => state.grad, (grad) => state.chooseGrad(grad));
    this.reset = h("button", { type: "button", class: "plain", onclick: () => state.reset() }, "Reset");
    this.message = h("p", { class: "message", role: "status" });
    this.element = h("div", { class: "controls" }, ...parts, this.grad, this.reset, this.message);
  }

  #stepper(label, limits, value, onChange) {
    const stepper = new Stepper(label, { ...limits, onChange });
    this.#shows.push(() => stepper.show(value()));
    return stepper.element;
  }

  #choice(label, options, value, onChange) {
    const choice = new Choice(label, options, onChange);
    this.#shows.push(() => choice.show(value()));
    return choice.element;
  }

  show() {
    this.#shows.forEach((show) => show());
    this.grad.hidden = !this.#state.isBackward;
    setDisabled(this.reset, !this.#state.isEdited);
    setText(this.message, this.#state.message);
  }
}
