// What the grids show of the layer: planes with their padding, and ranges of colours. Each is kept while that which it
// is made of stays as it is, so that a grid sees by its identity that nothing is to be painted.
import { largestMagnitude, planeOf } from "../arrays.mjs";

export class ArraysShown {
  #layer;
  #gradients;
  #kept = new Map();

  constructor(layer, gradients) {
    this.#layer = layer;
    this.#gradients = gradients;
  }

  // What was made under this key, if it was made of the same; usually that is the layer as it is now.
  #keep(key, make, basis = this.#layer.version) {
    if (this.#kept.get(key)?.basis !== basis) this.#kept.set(key, { basis, made: make() });
    return this.#kept.get(key).made;
  }

  // Zeros around a plane of the input's size.
  #padded(plane) {
    const { pad } = this.#layer;
    const [, H, W] = this.#layer.input.shape;
    const columns = W + 2 * pad;
    const values = new plane.constructor((H + 2 * pad) * columns);
    for (let row = 0; row < H; ++row) {
      values.set(plane.subarray(row * W, (row + 1) * W), (row + pad) * columns + pad);
    }
    return { values, rows: H + 2 * pad, columns };
  }

  #range(numbers) {
    return { kind: "signed", largest: largestMagnitude(numbers) };
  }

  input(n, c) {
    const { input, isPicture, pad } = this.#layer;
    const signed = () => this.#keep("input range", () => this.#range(input.data), input);
    const range = () => (isPicture ? { kind: "grey" } : signed());
    const plane = () => this.#padded(planeOf(input.data, input.shape.slice(1), n, c));
    return this.#keep(`input ${n} ${c}`, () => ({ ...plane(), range: range() }), pad);
  }

  // One filter's slice for one channel of the input, of the weights or of their gradient.
  filter(weights, c, o, range) {
    const [rows, columns, C, O] = this.#layer.weights.shape;
    const values = new weights.constructor(rows * columns);
    for (let k = 0; k < values.length; ++k) values[k] = weights[(k * C + c) * O + o];
    return { values, rows, columns, range };
  }

  weights(c, o) {
    const { data } = this.#layer.weights;
    return this.#keep(`weights ${c} ${o}`, () =>
      this.filter(data, c, o, this.#keep("weights range", () => this.#range(data))),
    );
  }

  #planeOfOutput(values) {
    const { height, width } = this.#layer.geometry;
    return { values, rows: height.output, columns: width.output, range: this.#range(values) };
  }

  // What pooling leaves of a picture is one.
  output(n, o) {
    const { isPicture, isConv } = this.#layer;
    const values = this.#layer.plane(n, o);
    const look = isPicture && !isConv ? { range: { kind: "grey" } } : {};
    return this.#keep(`output ${n} ${o}`, () => ({ ...this.#planeOfOutput(values), ...look }), values);
  }

  grad(n, o, kind) {
    const of = this.#layer.plane(n, o);
    return this.#keep(`grad ${n} ${o} ${kind}`, () => this.#planeOfOutput(this.#gradients.grad(n, o, kind)), of);
  }

  // dA_prev after `count` positions, with the padding that is cut off in the end. Colours are those of the whole.
  inputGrad(n, c, kind, count) {
    const shape = this.#layer.input.shape.slice(1);
    const { height, width } = this.#layer.geometry;
    const upTo = (positions) => this.#gradients.upTo(n, positions, kind).inputGrad;
    const range = this.#keep(`dA range ${n} ${kind}`, () => this.#range(upTo(height.output * width.output)));
    const plane = () => this.#padded(planeOf(upTo(count), shape, 0, c));
    return this.#keep(`dA ${n} ${c} ${kind}`, () => ({ ...plane(), range }), `${this.#layer.version} ${count}`);
  }

  weightsGrad(n, c, o, kind, count) {
    const { weightsGrad } = this.weightsSums(n, kind, count);
    const range = this.#keep(`dW range ${kind}`, () => this.#range(this.#gradients.whole(kind).weightsGrad));
    return this.filter(weightsGrad, c, o, range);
  }

  // dW and db: of all images, or as far as the loops have come.
  weightsSums(n, kind, count) {
    return count === undefined ? this.#gradients.whole(kind) : this.#gradients.upTo(n, count, kind);
  }
}
