// The arrays of the page, out of the text in which they travel: base64 of little-endian numbers, which loses no bit.

export function bytesOf(base64) {
  const binary = atob(base64);
  const bytes = new Uint8Array(binary.length);
  for (let k = 0; k < binary.length; ++k) bytes[k] = binary.charCodeAt(k);
  return bytes;
}

// { shape, dtype, data: base64 } as { shape, data: Float32Array or Float64Array }.
export function decodeArray({ shape, dtype, data }) {
  const bytes = bytesOf(data);
  const view = new DataView(bytes.buffer);
  const isFloat32 = dtype === "float32";
  const size = isFloat32 ? 4 : 8;
  const numbers = new (isFloat32 ? Float32Array : Float64Array)(bytes.length / size);
  for (let k = 0; k < numbers.length; ++k) {
    numbers[k] = isFloat32 ? view.getFloat32(k * size, true) : view.getFloat64(k * size, true);
  }
  return { shape, data: numbers };
}

// One channel of one image of an array (N, H, W, C), or of an image (H, W, C): the numbers row by row.
export function planeOf(data, [height, width, channels], n, c) {
  const plane = new data.constructor(height * width);
  const first = n * height * width * channels + c;
  for (let k = 0; k < plane.length; ++k) plane[k] = data[first + k * channels];
  return plane;
}

// The largest magnitude among finite numbers; 0 of none.
export function largestMagnitude(numbers) {
  let largest = 0;
  for (const x of numbers) {
    const magnitude = Math.abs(x);
    if (magnitude > largest && magnitude < Infinity) largest = magnitude;
  }
  return largest;
}
