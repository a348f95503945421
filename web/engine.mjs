// Who computes whole arrays: the modules of reference/, or the library's own src/reference, compiled to WebAssembly, where
// the page carries it (web/wasm/). Their bits are the same.
import { addToInputGrad, addToWeightsGrad, convForwardPlane } from "./reference/conv.mjs";
import { addToPooledGrad, poolForwardPlane } from "./reference/pool.mjs";

export const javascript = {
  name: "JavaScript",
  forwardPlane(layer, n, o) {
    return layer.isConv ? convForwardPlane(layer, n, o) : poolForwardPlane(layer, n, o);
  },
};

export const engine = { ...javascript };

// What one position of the output, all its channels, adds to the gradients: `grads` are those of the outputs, plane by
// plane, and `sums` what the gradients hold so far.
export function addPosition(layer, n, y, x, grads, sums) {
  const k = y * layer.geometry.width.output + x;
  grads.forEach((grad, o) => {
    if (!layer.isConv) return addToPooledGrad(layer, n, y, x, o, grad[k], sums.inputGrad);
    addToInputGrad(layer, n, y, x, o, grad[k], sums.inputGrad);
    return addToWeightsGrad(layer, n, y, x, o, grad[k], sums.weightsGrad, sums.biasGrad);
  });
}
