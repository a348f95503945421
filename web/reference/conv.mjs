// Convolution and its gradients as the plain loops of src/reference/conv.cc, in the same order and with the same bits.
//
// A layer here is { dtype, input, weights, bias, geometry }: dense arrays of typed numbers with their shapes,
// input (N, H, W, C), weights (KH, KW, C, O), bias (O).
import { isInside, sourceOf } from "./geometry.mjs";
import { numpySum, roundingOf } from "./pairwise_sum.mjs";

// Calls visit(a, w, i, j, c, row, column) for every tap of the window at (y, x), in the order (i, j, c): where its
// element lies in the input, or -1 for the padding, and where its weight lies.
export function forEachTap(layer, n, y, x, o, visit) {
  const { geometry } = layer;
  const [, H, W, C] = layer.input.shape;
  const [KH, KW, , O] = layer.weights.shape;
  for (let i = 0; i < KH; ++i) {
    const row = sourceOf(geometry, y, i);
    for (let j = 0; j < KW; ++j) {
      const column = sourceOf(geometry, x, j);
      const inside = isInside(geometry.height, row) && isInside(geometry.width, column);
      const a = inside ? ((n * H + row) * W + column) * C : -1;
      const w = (i * KW + j) * C * O + o;
      for (let c = 0; c < C; ++c) visit(inside ? a + c : -1, w + c * O, i, j, c, row, column);
    }
  }
}

// The products of one window, in the order in which they are summed, into an array of the layer's type.
export function productsOf(layer, n, y, x, o, products) {
  const { data } = layer.input;
  const weights = layer.weights.data;
  let k = 0;
  forEachTap(layer, n, y, x, o, (a, w) => {
    products[k++] = (a < 0 ? 0 : data[a]) * weights[w];
  });
  return products;
}

export function windowSize(layer) {
  const [KH, KW, C] = layer.weights.shape;
  return KH * KW * C;
}

// What filter o makes of image n: Z[n, :, :, o].
export function convForwardPlane(layer, n, o) {
  const round = roundingOf(layer.dtype);
  const { height, width } = layer.geometry;
  const Typed = layer.input.data.constructor;
  const products = new Typed(windowSize(layer));
  const plane = new Typed(height.output * width.output);
  for (let y = 0; y < height.output; ++y) {
    for (let x = 0; x < width.output; ++x) {
      productsOf(layer, n, y, x, o, products);
      plane[y * width.output + x] = round(numpySum(products, products.length, round) + layer.bias.data[o]);
    }
  }
  return plane;
}

// One output's share of dA_prev of image n: each element under its window, times the weight. What falls on padding is
// dropped. `inputGrad` is that image's (H, W, C), g the gradient of the output. (What is stored is rounded.)
export function addToInputGrad(layer, n, y, x, o, g, inputGrad) {
  const round = roundingOf(layer.dtype);
  const weights = layer.weights.data;
  const image = n * inputGrad.length;
  forEachTap(layer, n, y, x, o, (a, w) => {
    if (a >= 0) inputGrad[a - image] += round(weights[w] * g);
  });
}

// The same for dW and db. Padding counts as zeros.
export function addToWeightsGrad(layer, n, y, x, o, g, weightsGrad, biasGrad) {
  const round = roundingOf(layer.dtype);
  const { data } = layer.input;
  forEachTap(layer, n, y, x, o, (a, w) => {
    weightsGrad[w] += round((a < 0 ? 0 : data[a]) * g);
  });
  biasGrad[o] += g;
}
