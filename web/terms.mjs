// What the sum of one number is made of: terms in the order in which they are added, each with its factors.
import { placesOf, windowSize } from "./reference/conv.mjs";
import { outputsOver } from "./reference/geometry.mjs";
import { numpySum, roundingOf } from "./reference/pairwise_sum.mjs";
import { elementsOf, pooled, shareOf } from "./reference/pool.mjs";

// Z[n, y, x, o] of a convolution: { terms: [{ c, a, w, product, isPadding }], sum, bias, value }.
export function outputTerms(layer, n, y, x, o) {
  const round = roundingOf(layer.dtype);
  const places = placesOf(layer, n, y, x, new Int32Array(windowSize(layer)));
  const terms = Array.from(places, (place, k) => {
    const a = place < 0 ? 0 : layer.input.data[place];
    const w = layer.weights.data[k * layer.outputs + o];
    return { c: k % layer.channels, a, w, product: round(a * w), isPadding: place < 0 };
  });
  const products = new layer.input.data.constructor(terms.map(({ product }) => product));
  const sum = numpySum(products, products.length, round);
  const bias = layer.bias.data[o];
  return { terms, sum, bias, value: round(sum + bias) };
}

// A[n, y, x, c] of a pooling: the elements under the window row by row, and where the maxima are.
export function poolTerms(layer, n, y, x, c) {
  const round = roundingOf(layer.dtype);
  const { height, width } = layer.geometry;
  const elements = elementsOf(layer, n, y, x, c, new layer.input.data.constructor(height.window * width.window));
  const value = pooled(elements, layer.mode, round);
  const isBest = Array.from(elements, (element) => layer.mode === "max" && element === value);
  const sum = layer.mode === "average" ? numpySum(elements, elements.length, round) : value;
  return { elements, isBest, value, sum };
}

// What one output hands back to each element of its window: undefined for nothing.
export function poolShares(layer, n, y, x, c, g) {
  const { elements, value } = poolTerms(layer, n, y, x, c);
  return Array.from(elements, (_, k) => shareOf(layer, elements, k, g, value));
}

// dA_prev[n, row, column, c]: one term for each window over it, of each filter, in the order of the loops, up to
// `count` positions. `grads` are those of the outputs, plane by plane.
export function inputGradTerms(layer, n, row, column, c, grads, count) {
  const round = roundingOf(layer.dtype);
  const { geometry } = layer;
  const rows = outputsOver(geometry, geometry.height, row);
  const columns = outputsOver(geometry, geometry.width, column);
  const sum = new layer.input.data.constructor(1); // rounds what it holds to the type
  const terms = [];
  for (let y = rows.first; y < rows.end; ++y) {
    for (let x = columns.first; x < columns.end; ++x) {
      const k = y * geometry.width.output + x;
      if (k >= count) continue;
      for (const term of layer.isConv ? convTerms(y, x, k) : poolTermsBack(y, x, k)) {
        terms.push({ y, x, ...term });
        sum[0] += term.product;
      }
    }
  }
  return { terms, value: sum[0] };

  function* convTerms(y, x, k) {
    const i = row + geometry.pad - y * geometry.stride;
    const j = column + geometry.pad - x * geometry.stride;
    for (let o = 0; o < layer.outputs; ++o) {
      const w = layer.weights.data[layer.weightIndex(i, j, c, o)];
      yield { i, j, o, w, g: grads[o][k], product: round(w * grads[o][k]) };
    }
  }

  function* poolTermsBack(y, x, k) {
    const at = (row - y * geometry.stride) * geometry.width.window + (column - x * geometry.stride);
    const share = poolShares(layer, n, y, x, c, grads[c][k])[at];
    if (share !== undefined) yield { o: c, g: grads[c][k], product: share };
  }
}

// The element of dA_prev whose sum is written out: the one that was clicked, else the window's maximum or its middle.
export function chosenElement({ layer, element, image, y, x, channel }) {
  if (element) return element;
  const { stride, pad, height, width } = layer.geometry;
  if (!layer.isConv && layer.mode === "max") {
    const k = Math.max(poolTerms(layer, image, y, x, channel).isBest.indexOf(true), 0);
    return { row: y * stride + Math.floor(k / width.window), column: x * stride + (k % width.window) };
  }
  const middle = (o, axis) => {
    const index = o * stride - pad + Math.floor((axis.window - 1) / 2);
    return Math.min(Math.max(index, 0), axis.input - 1);
  };
  return { row: middle(y, height), column: middle(x, width) };
}
