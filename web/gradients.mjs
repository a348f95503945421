// The way back, position by position: what the gradients hold after so many positions of an image, in the order of the
// notebook's loops. One position more costs one window; an earlier one starts anew.
import { planeOf } from "./arrays.mjs";
import { addPosition, engine } from "./engine.mjs";

// What the gradient of the output may be: what was given, the output itself, as in the notebook, or ones.
export const GRADS = ["given", "output", "ones"];

export class Gradients {
  #layer;
  #key = "";

  constructor(layer) {
    this.#layer = layer;
  }

  // The gradient of the output: of Z[n, :, :, o], after the choice `kind` among GRADS.
  grad(n, o, kind) {
    if (kind === "given") return planeOf(this.#layer.grad.data, this.#layer.outputShape.slice(1), n, o);
    const plane = this.#layer.plane(n, o);
    return kind === "ones" ? new plane.constructor(plane.length).fill(1) : plane;
  }

  // { inputGrad, weightsGrad, biasGrad } after `count` positions of image n: the first is that image's (H, W, C), the
  // others hold all images before, too.
  upTo(n, count, kind) {
    const key = `${this.#layer.version}/${n}/${kind}`;
    if (key !== this.#key || count < this.done) this.#start(n, kind, key);
    this.#advance(n, count);
    return this.sums;
  }

  // dW and db of all images.
  whole(kind) {
    const key = `${this.#layer.version}/${kind}`;
    if (key !== this.wholeKey) {
      const last = this.#layer.images - 1;
      const all = new Gradients(this.#layer);
      this.wholeKey = key;
      this.wholeSums = all.upTo(last, all.#positions(), kind);
    }
    return this.wholeSums;
  }

  #positions() {
    const { height, width } = this.#layer.geometry;
    return height.output * width.output;
  }

  #start(n, kind, key) {
    const { input, weights, bias, images, isConv } = this.#layer;
    const zeros = (array) => new array.data.constructor(array.data.length);
    this.sums = { weightsGrad: isConv && zeros(weights), biasGrad: isConv && zeros(bias) };
    for (let before = isConv ? 0 : n; before <= n; ++before) {
      this.sums.inputGrad = new input.data.constructor(input.data.length / images);
      this.done = 0;
      this.grads = Array.from({ length: this.#layer.outputs }, (_, o) => this.grad(before, o, kind));
      if (before < n) this.#advance(before, this.#positions());
    }
    this.#key = key;
  }

  #advance(n, count) {
    const { output } = this.#layer.geometry.width;
    if (this.done === 0 && count === this.#positions()) {
      engine.addImage(this.#layer, n, this.grads, this.sums);
      this.done = count;
    }
    for (; this.done < count; ++this.done) {
      addPosition(this.#layer, n, Math.floor(this.done / output), this.done % output, this.grads, this.sums);
    }
  }
}
