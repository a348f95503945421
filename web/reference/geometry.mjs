// Where windows lie, along one axis: the names are those of docs/notation.md and src/core/window_axis.h.

// The number of outputs: floor((n_prev - f + 2 pad) / stride) + 1; 0 where the window is larger than the padded input.
export function outputSize(input, window, stride, pad) {
  const room = input + 2 * pad - window;
  return room < 0 ? 0 : Math.floor(room / stride) + 1;
}

// Height and width of a layer: { input, window, output } each, with one stride and one padding for both.
export function geometryOf(height, width, window, stride, pad) {
  const axis = (input, taps) => ({ input, window: taps, output: outputSize(input, taps, stride, pad) });
  return { stride, pad, height: axis(height, window.height), width: axis(width, window.width) };
}

// The index in the input that tap i of the window at position o reads; outside 0 .. input - 1 it reads padding.
export function sourceOf(geometry, o, i) {
  return o * geometry.stride - geometry.pad + i;
}

export function isInside(axis, index) {
  return 0 <= index && index < axis.input;
}

// The outputs whose windows read this index of the input: from first to end - 1.
export function outputsOver(geometry, axis, index) {
  const position = index + geometry.pad;
  const first = Math.max(0, Math.ceil((position - axis.window + 1) / geometry.stride));
  const end = Math.min(axis.output, Math.floor(position / geometry.stride) + 1);
  return { first, end: Math.max(first, end) };
}

// The output whose window has its middle nearest to this index of the input.
export function outputNear(geometry, axis, index) {
  const start = index + geometry.pad - (axis.window - 1) / 2;
  return Math.min(Math.max(Math.round(start / geometry.stride), 0), axis.output - 1);
}
