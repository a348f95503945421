// Who computes whole planes and images: the modules of reference/, or the library's own src/reference, compiled to
// WebAssembly, where the page carries it (wasm.mjs). Their bits are the same.
import { addToInputGrad, addToWeightsGrad, convForwardPlane, placesOf, windowSize } from "./reference/conv.mjs";
import { addToPooledGrad, poolForwardPlane } from "./reference/pool.mjs";

let places = new Int32Array(0); // of one window, kept from call to call

// What one position of the output, all its channels, adds to the gradients: `grads` are those of the outputs, plane by
// plane, and `sums` what the gradients hold so far.
export function addPosition(layer, n, y, x, grads, sums) {
  const k = y * layer.geometry.width.output + x;
  if (layer.isConv) {
    if (places.length !== windowSize(layer)) places = new Int32Array(windowSize(layer));
    placesOf(layer, n, y, x, places);
  }
  grads.forEach((grad, o) => {
    if (!layer.isConv) return addToPooledGrad(layer, n, y, x, o, grad[k], sums.inputGrad);
    addToInputGrad(layer, n, places, o, grad[k], sums.inputGrad);
    return addToWeightsGrad(layer, places, o, grad[k], sums.weightsGrad, sums.biasGrad);
  });
}

export const javascript = {
  name: "JavaScript",

  // Z[n, :, :, o], or A[n, :, :, o].
  forwardPlane(layer, n, o) {
    return layer.isConv ? convForwardPlane(layer, n, o) : poolForwardPlane(layer, n, o);
  },

  // All positions of image n. `sums.inputGrad` is that image's, and 0 before.
  addImage(layer, n, grads, sums) {
    const { height, width } = layer.geometry;
    for (let y = 0; y < height.output; ++y) {
      for (let x = 0; x < width.output; ++x) addPosition(layer, n, y, x, grads, sums);
    }
  },
};

export const engine = { ...javascript };

// From now on the other one computes.
export function useEngine(other) {
  Object.assign(engine, other);
}
