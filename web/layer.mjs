// The layer of the page: its arrays and settings, which may be edited, and what it makes of them, computed when it is
// asked for and kept until an edit changes it.
import { decodeArray } from "./arrays.mjs";
import { engine } from "./engine.mjs";
import { geometryOf } from "./reference/geometry.mjs";

export const LARGEST_STRIDE = 16;
export const LARGEST_PAD = 16;
export const LARGEST_WINDOW = 16;

export class Layer {
  // `spec` is the page's data (docs/explain.md).
  constructor(spec) {
    this.kind = spec.kind;
    this.isPicture = spec.picture ?? false;
    this.filterNames = spec.filters;
    this.scaledFrom = spec.scaled_from;
    this.grad = spec.grad && decodeArray(spec.grad); // of the output as it was given
    this.input = decodeArray(spec.input);
    this.dtype = spec.input.dtype;
    this.given = {
      stride: spec.stride,
      pad: spec.pad ?? 0,
      mode: spec.mode,
      window: spec.window && { height: spec.window, width: spec.window },
      weights: spec.weights && decodeArray(spec.weights),
      bias: spec.bias && decodeArray(spec.bias),
    };
    this.reset();
  }

  get isConv() {
    return this.kind === "conv";
  }

  // All settings and weights as they were given.
  reset() {
    const { weights, bias, window } = this.given;
    const copy = (array) => array && { shape: [...array.shape], data: array.data.slice() };
    Object.assign(this, { ...this.given, weights: copy(weights), bias: copy(bias) });
    this.window = window ?? { height: weights.shape[0], width: weights.shape[1] };
    this.#changed();
  }

  get isEdited() {
    const { weights, bias, window, ...plain } = this.given;
    const same = (a, b) => !a || (a.data.length === b.data.length && a.data.every((x, k) => Object.is(x, b.data[k])));
    return (
      Object.keys(plain).some((key) => this[key] !== plain[key]) ||
      (window !== undefined && this.window.height !== window.height) ||
      !same(weights, this.weights) ||
      !same(bias, this.bias)
    );
  }

  get images() {
    return this.input.shape[0];
  }
  get channels() {
    return this.input.shape[3];
  }
  // Filters of a convolution; a pooling makes a channel of each channel.
  get outputs() {
    return this.isConv ? this.weights.shape[3] : this.channels;
  }
  get outputShape() {
    const { height, width } = this.geometry;
    return [this.images, height.output, width.output, this.outputs];
  }

  // Does the gradient that was given still have the shape of the output?
  get hasGrad() {
    return this.grad !== undefined && this.outputShape.every((length, axis) => length === this.grad.shape[axis]);
  }

  // Of a window that is square, or becomes so when it is changed.
  get side() {
    return this.window.height;
  }

  // Changes one of stride, pad, mode and the window's side. Says why not, where no window would fit.
  change(name, value) {
    const change = name === "side" ? { window: { height: value, width: value } } : { [name]: value };
    const { stride, pad, window } = this;
    const next = { stride, pad, window, ...change };
    const { height, width } = this.#geometry(next);
    if (height.output < 1 || width.output < 1) {
      const padded = `${height.input + 2 * next.pad} × ${width.input + 2 * next.pad}`;
      return `A window of ${height.window} × ${width.window} is larger than the image, ${padded} with its padding.`;
    }
    if (name === "side" && this.isConv) this.#resizeFilters(value);
    Object.assign(this, change);
    this.#changed();
    return undefined;
  }

  weightIndex(i, j, c, o) {
    const [, KW, C, O] = this.weights.shape;
    return ((i * KW + j) * C + c) * O + o;
  }
  setWeight(i, j, c, o, value) {
    this.weights.data[this.weightIndex(i, j, c, o)] = value;
    this.#changed(o);
  }
  setBias(o, value) {
    this.bias.data[o] = value;
    this.#changed(o);
  }

  // Z[n, :, :, o], or A[n, :, :, o].
  plane(n, o) {
    const key = `${n}/${o}`;
    if (!this.planes.has(key)) this.planes.set(key, engine.forwardPlane(this, n, o));
    return this.planes.get(key);
  }

  // What filters had around their middle stays there; what is new is 0.
  #resizeFilters(size) {
    const { shape, data } = this.weights;
    const [KH, KW, C, O] = shape;
    const weights = { shape: [size, size, C, O], data: new data.constructor(size * size * C * O) };
    const middle = (side) => Math.floor((side - 1) / 2);
    const down = middle(size) - middle(KH);
    const right = middle(size) - middle(KW);
    for (let i = Math.max(0, -down); i < KH && i + down < size; ++i) {
      for (let j = Math.max(0, -right); j < KW && j + right < size; ++j) {
        const from = (i * KW + j) * C * O;
        weights.data.set(data.subarray(from, from + C * O), ((i + down) * size + j + right) * C * O);
      }
    }
    this.weights = weights;
  }

  #geometry({ stride, pad, window }) {
    return geometryOf(this.input.shape[1], this.input.shape[2], window, stride, pad);
  }

  // `version` is another one after every edit: what is kept elsewhere goes by it.
  #changed(filter) {
    this.version = (this.version ?? 0) + 1;
    this.geometry = this.#geometry(this);
    if (filter === undefined) this.planes = new Map();
    for (let n = 0; filter !== undefined && n < this.images; ++n) this.planes.delete(`${n}/${filter}`);
  }
}
