// Convolution and its gradients as the plain loops of src/reference/conv.cc, in the same order and with the same bits.
//
// A layer here is { dtype, input, weights, bias, geometry }: dense arrays of typed numbers with their shapes,
// input (N, H, W, C), weights (KH, KW, C, O), bias (O). Tap k of a window is (i, j, c) in row-major order, so the
// weight that filter o has for it is number k * O + o.
import { isInside, sourceOf } from "./geometry.mjs";
import { numpySum, roundingOf } from "./pairwise_sum.mjs";

export function windowSize(layer) {
  const [KH, KW, C] = layer.weights.shape;
  return KH * KW * C;
}

// Where in the input each tap of the window at (y, x) lies, or -1 for the padding, into `places`.
export function placesOf(layer, n, y, x, places) {
  const { geometry } = layer;
  const [, H, W, C] = layer.input.shape;
  const [KH, KW] = layer.weights.shape;
  let k = 0;
  for (let i = 0; i < KH; ++i) {
    const row = sourceOf(geometry, y, i);
    for (let j = 0; j < KW; ++j) {
      const column = sourceOf(geometry, x, j);
      const inside = isInside(geometry.height, row) && isInside(geometry.width, column);
      const first = ((n * H + row) * W + column) * C;
      for (let c = 0; c < C; ++c) places[k++] = inside ? first + c : -1;
    }
  }
  return places;
}

// The products of one window with filter o, in the order in which they are summed, into an array of the layer's type.
export function productsOf(layer, places, o, products) {
  const { data } = layer.input;
  const weights = layer.weights.data;
  const O = layer.bias.data.length;
  for (let k = 0; k < places.length; ++k) products[k] = (places[k] < 0 ? 0 : data[places[k]]) * weights[k * O + o];
  return products;
}

// What filter o makes of image n: Z[n, :, :, o].
export function convForwardPlane(layer, n, o) {
  const round = roundingOf(layer.dtype);
  const { height, width } = layer.geometry;
  const Typed = layer.input.data.constructor;
  const places = new Int32Array(windowSize(layer));
  const products = new Typed(places.length);
  const plane = new Typed(height.output * width.output);
  for (let y = 0; y < height.output; ++y) {
    for (let x = 0; x < width.output; ++x) {
      productsOf(layer, placesOf(layer, n, y, x, places), o, products);
      plane[y * width.output + x] = round(numpySum(products, products.length, round) + layer.bias.data[o]);
    }
  }
  return plane;
}

// One output's share of dA_prev of image n: the weight times g, the gradient of the output, to each element under its
// window. What falls on padding is dropped. `inputGrad` is that image's (H, W, C). (What is stored is rounded.)
export function addToInputGrad(layer, n, places, o, g, inputGrad) {
  const round = roundingOf(layer.dtype);
  const weights = layer.weights.data;
  const O = layer.bias.data.length;
  const image = n * inputGrad.length;
  for (let k = 0; k < places.length; ++k) {
    if (places[k] >= 0) inputGrad[places[k] - image] += round(weights[k * O + o] * g);
  }
}

// The same for dW and db. Padding counts as zeros.
export function addToWeightsGrad(layer, places, o, g, weightsGrad, biasGrad) {
  const round = roundingOf(layer.dtype);
  const { data } = layer.input;
  const O = biasGrad.length;
  for (let k = 0; k < places.length; ++k) {
    weightsGrad[k * O + o] += round((places[k] < 0 ? 0 : data[places[k]]) * g);
  }
  biasGrad[o] += g;
}
