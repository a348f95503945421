// What is looked at: one output, from which direction, and where the play is. Views ask to be told of changes.
import { shapeText } from "./text.mjs";

export const MANY_POSITIONS = 1000; // as a picture has

export class State {
  #listeners = [];

  constructor(layer) {
    this.layer = layer;
    this.direction = "forward";
    this.image = 0;
    this.channel = 0; // of the input
    this.filter = 0; // of the output
    const { height, width } = layer.geometry;
    const isLarge = height.output * width.output > MANY_POSITIONS; // then there is more to see in the middle
    this.y = isLarge ? Math.floor(height.output / 2) : 0;
    this.x = isLarge ? Math.floor(width.output / 2) : 0;
    this.soFar = false; // only what the loops have reached is shown
    this.chosenGrad = this.#firstGrad; // one of GRADS
    this.element = undefined; // of dA_prev, whose sum is written out: { row, column }
    this.message = "";
    this.#clamp();
  }

  get isBackward() {
    return this.direction === "backward";
  }
  get position() {
    return this.y * this.layer.geometry.width.output + this.x;
  }
  get positions() {
    return this.layer.geometry.height.output * this.layer.geometry.width.output;
  }
  // How many positions of the loops are shown.
  get reached() {
    return this.soFar ? this.position + 1 : this.positions;
  }

  onChange(listener) {
    this.#listeners.push(listener);
  }

  set(changes) {
    Object.assign(this, { message: "", ...changes });
    // A pooling works on each channel by itself.
    if (!this.layer.isConv && "channel" in changes) this.filter = this.channel;
    if (!this.layer.isConv && "filter" in changes) this.channel = this.filter;
    this.#clamp();
    this.#listeners.forEach((listener) => listener(this));
  }

  get #firstGrad() {
    return this.layer.grad ? "given" : "output";
  }
  // The choice; while a given gradient does not fit, the output stands in for it.
  get grad() {
    return this.chosenGrad === "given" && !this.layer.hasGrad ? "output" : this.chosenGrad;
  }
  chooseGrad(chosenGrad) {
    this.chosenGrad = chosenGrad;
    this.set({ message: this.#gradMessage() });
  }

  #gradMessage() {
    if (this.chosenGrad === this.grad) return "";
    const [given, output] = [this.layer.grad.shape, this.layer.outputShape].map(shapeText);
    return `The given gradient is ${given}, but the output is ${output} now. Until it fits again, the output is used.`;
  }

  // An edit of the layer.
  change(name, value) {
    const refusal = this.layer.change(name, value);
    this.set({ message: refusal ?? (this.isBackward ? this.#gradMessage() : "") });
  }

  get isEdited() {
    return this.layer.isEdited || this.chosenGrad !== this.#firstGrad;
  }
  reset() {
    if (!this.isEdited) return;
    this.layer.reset();
    this.set({ chosenGrad: this.#firstGrad });
  }

  moveTo(position) {
    const { output } = this.layer.geometry.width;
    const k = Math.min(Math.max(position, 0), this.positions - 1);
    this.set({ y: Math.floor(k / output), x: k % output, element: undefined });
  }

  // Round and round.
  cycle(name, count, by) {
    this.set({ [name]: (this[name] + by + count) % count });
  }

  #clamp() {
    const { layer } = this;
    const within = (value, count) => Math.min(Math.max(value, 0), count - 1);
    this.image = within(this.image, layer.images);
    this.channel = within(this.channel, layer.channels);
    this.filter = within(this.filter, layer.outputs);
    this.y = within(this.y, layer.geometry.height.output);
    this.x = within(this.x, layer.geometry.width.output);
  }
}
