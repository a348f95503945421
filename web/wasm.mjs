// The library's src/reference in WebAssembly (web/wasm/reference.cc), as an engine.

// What the module asks of its host: nothing that happens here.
const HOST = {
  env: { emscripten_notify_memory_growth() {} },
  wasi_snapshot_preview1: {
    proc_exit(status) {
      throw new Error(`the reference ended with ${status}`);
    },
  },
};

// Calls `call(places)` with arrays copied into the module's memory, one place for each, and copies those of `outputs`
// back afterwards.
function withArrays(exports, arrays, outputs, call) {
  const places = arrays.map((array) => exports.convstep_allocate(Math.max(array.byteLength, 1)));
  if (places.includes(0)) throw new RangeError("there is not enough memory for the layer");
  arrays.forEach((array, k) => new array.constructor(exports.memory.buffer, places[k], array.length).set(array));
  call(places);
  for (const array of outputs) {
    array.set(new array.constructor(exports.memory.buffer, places[arrays.indexOf(array)], array.length));
  }
  places.forEach((place) => exports.convstep_free(place));
}

function sizesOf(layer) {
  const [, H, W, C] = layer.input.shape;
  return Int32Array.of(H, W, C, layer.window.height, layer.window.width, layer.outputs, layer.stride, layer.pad);
}

function imageOf(layer, n) {
  const size = layer.input.data.length / layer.images;
  return layer.input.data.subarray(n * size, (n + 1) * size);
}

// Planes side by side as an array whose last axis they are.
function interleaved(planes) {
  const joined = new planes[0].constructor(planes.length * planes[0].length);
  planes.forEach((plane, o) => plane.forEach((value, k) => (joined[k * planes.length + o] = value)));
  return joined;
}

// The engine out of the module's bytes.
export async function wasmEngine(bytes) {
  const { instance } = await WebAssembly.instantiate(bytes, HOST);
  const { exports } = instance;
  exports._initialize();
  return {
    name: "WebAssembly",

    forwardPlane(layer, n, o) {
      const { height, width } = layer.geometry;
      const plane = new layer.input.data.constructor(height.output * width.output);
      const isFloat32 = Number(layer.dtype === "float32");
      const arrays = [sizesOf(layer), imageOf(layer, n), plane];
      if (layer.isConv) arrays.push(layer.weights.data, layer.bias.data);
      withArrays(exports, arrays, [plane], ([sizes, image, to, weights, bias]) => {
        if (layer.isConv) exports.convstep_conv_forward(isFloat32, sizes, image, weights, bias, o, to);
        else exports.convstep_pool_forward(isFloat32, sizes, image, Number(layer.mode === "max"), o, to);
      });
      return plane;
    },

    addImage(layer, n, grads, sums) {
      const isFloat32 = Number(layer.dtype === "float32");
      const inputs = [sizesOf(layer), imageOf(layer, n), interleaved(grads)];
      if (!layer.isConv) {
        withArrays(exports, [...inputs, sums.inputGrad], [sums.inputGrad], ([sizes, image, grad, to]) =>
          exports.convstep_pool_backward(isFloat32, sizes, image, Number(layer.mode === "max"), grad, to),
        );
        return;
      }
      const results = [sums.inputGrad, sums.weightsGrad, sums.biasGrad];
      const arrays = [...inputs, layer.weights.data, ...results];
      withArrays(exports, arrays, results, ([sizes, image, grad, weights, dA, dW, db]) =>
        exports.convstep_conv_backward(isFloat32, sizes, image, weights, grad, dA, dW, db),
      );
    },
  };
}
