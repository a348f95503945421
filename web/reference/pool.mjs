// Pooling and its gradient as the plain loops of src/reference/pool.cc, in the same order and with the same bits. As in
// the notebook there is no padding.
//
// A layer here is { dtype, input, mode, geometry }: input (N, H, W, C), mode "max" or "average".
import { numpySum, roundingOf } from "./pairwise_sum.mjs";

// IEEE 754-2019 `maximum`: NaN is above all numbers, and +0 above -0.
function isLarger(a, b) {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number.isNaN(a) && !Number.isNaN(b);
  return a > b || (a === 0 && b === 0 && Object.is(b, -0) && !Object.is(a, -0));
}

// Calls visit(place, i, j, row, column) for every element under the window at (y, x), row by row: its place in the
// input.
export function forEachPlace(layer, n, y, x, c, visit) {
  const { geometry } = layer;
  const [, H, W, C] = layer.input.shape;
  for (let i = 0; i < geometry.height.window; ++i) {
    for (let j = 0; j < geometry.width.window; ++j) {
      const row = y * geometry.stride + i;
      const column = x * geometry.stride + j;
      visit(((n * H + row) * W + column) * C + c, i, j, row, column);
    }
  }
}

// The numbers under a window, into an array of the layer's type.
export function elementsOf(layer, n, y, x, c, elements) {
  let k = 0;
  forEachPlace(layer, n, y, x, c, (place) => {
    elements[k++] = layer.input.data[place];
  });
  return elements;
}

export function pooled(elements, mode, round) {
  if (mode === "average") return round(numpySum(elements, elements.length, round) / elements.length);
  let best = elements[0];
  for (const value of elements) {
    if (isLarger(value, best)) best = value;
  }
  return best;
}

// What pooling makes of channel c of image n: A[n, :, :, c].
export function poolForwardPlane(layer, n, c) {
  const round = roundingOf(layer.dtype);
  const { height, width } = layer.geometry;
  const Typed = layer.input.data.constructor;
  const elements = new Typed(height.window * width.window);
  const plane = new Typed(height.output * width.output);
  for (let y = 0; y < height.output; ++y) {
    for (let x = 0; x < width.output; ++x) {
      plane[y * width.output + x] = pooled(elementsOf(layer, n, y, x, c, elements), layer.mode, round);
    }
  }
  return plane;
}

// What a window hands to its element k, given the gradient g of its output: all of it to each maximum (the notebook's
// mask), or an equal part. Undefined where it hands nothing.
export function shareOf(layer, elements, k, g, best) {
  if (layer.mode === "average") return roundingOf(layer.dtype)(g / elements.length);
  return elements[k] === best ? g : undefined;
}

// One output's share of dA_prev of image n, whose (H, W, C) `inputGrad` is.
export function addToPooledGrad(layer, n, y, x, c, g, inputGrad) {
  const { height, width } = layer.geometry;
  const image = n * inputGrad.length;
  const elements = elementsOf(layer, n, y, x, c, new Array(height.window * width.window));
  const best = layer.mode === "max" ? pooled(elements, "max") : undefined;
  let k = 0;
  forEachPlace(layer, n, y, x, c, (place) => {
    const share = shareOf(layer, elements, k++, g, best);
    if (share !== undefined) inputGrad[place - image] += share;
  });
}
