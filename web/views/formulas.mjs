// The formulas of the layer, with the numbers of this step in them.
import { h } from "../dom.mjs";

const n_ = (letter, sub) => [h("i", {}, letter), h("sub", {}, sub)];
const fraction = (top, bottom) =>
  h("span", { class: "fraction" }, h("span", {}, ...[top].flat()), h("span", {}, ...[bottom].flat()));
const name = (text) => h("i", {}, text);
const code = (text) => h("code", {}, text);
const number = (value) => h("b", {}, String(value));

// n_H = floor((n_H_prev - f + 2 pad) / stride) + 1, first in letters, then in numbers.
function sizeFormula(letter, axis, { stride, pad }, isConv) {
  const inLetters = [...n_("n", `${letter}_prev`), " − ", name("f"), ...(isConv ? [" + 2·", name("pad")] : [])];
  const inNumbers = `${axis.input} − ${axis.window}${isConv ? ` + 2·${pad}` : ""}`;
  return [
    [...n_("n", letter), " = ⌊", fraction(inLetters, name("stride")), "⌋ + 1"],
    ["= ⌊", fraction(inNumbers, String(stride)), "⌋ + 1 = ", number(axis.output)],
    ...left(letter, axis, stride, pad),
  ];
}

// Where the windows do not reach the end.
function left(letter, axis, stride, pad) {
  const count = (axis.input + 2 * pad - axis.window) % stride;
  const noun = (letter === "H" ? "row" : "column") + (count > 1 ? "s" : "");
  const text = `No window reads the last ${count > 1 ? `${count} ` : ""}${noun}.`;
  return count === 0 ? [] : [[h("span", { class: "note" }, text)]];
}

function edgeFormula(word, index, position, stride, window) {
  const start = position * stride;
  const [from, to] = [name(`${word}_start`), name(`${word}_end`)];
  return [
    [from, " = ", name(index), "·", name("stride"), ` = ${position}·${stride} = `, number(start)],
    [to, " = ", from.cloneNode(true), " + ", name("f"), ` = ${start} + ${window} = `, number(start + window)],
  ];
}

const slice = (start, window) => `${start}:${start + window}`;

// The line of the notebook's loops that this step is.
function codeOf({ layer, image, y, x, channel, filter, isBackward }) {
  const { stride, height, width } = layer.geometry;
  const rows = slice(y * stride, height.window);
  const columns = slice(x * stride, width.window);
  if (layer.isConv && !isBackward) {
    return [
      `a_slice_prev = a_prev_pad[${rows}, ${columns}, :]`,
      `z = np.sum(a_slice_prev * W[:, :, :, ${filter}])`,
      `Z[${image}, ${y}, ${x}, ${filter}] = z + b[0, 0, 0, ${filter}]`,
    ];
  }
  if (layer.isConv) {
    return [
      `da_prev_pad[${rows}, ${columns}, :] += W[:, :, :, ${filter}] * dZ[${image}, ${y}, ${x}, ${filter}]`,
      `dW[:, :, :, ${filter}] += a_prev_pad[${rows}, ${columns}, :] * dZ[${image}, ${y}, ${x}, ${filter}]`,
      `db[:, :, :, ${filter}] += dZ[${image}, ${y}, ${x}, ${filter}]`,
    ];
  }
  const window = `A_prev[${image}, ${rows}, ${columns}, ${channel}]`;
  const gradient = `dA[${image}, ${y}, ${x}, ${channel}]`;
  const kept = layer.mode === "max" ? "np.max" : "np.mean";
  if (!isBackward) return [`A[${image}, ${y}, ${x}, ${channel}] = ${kept}(${window})`];
  if (layer.mode === "max") return [`mask = create_mask_from_window(${window})`, `d${window} += mask * ${gradient}`];
  return [`d${window} += distribute_value(${gradient}, (${height.window}, ${width.window}))`];
}

export class Formulas {
  #state;
  #sizesOf;
  #step = "";

  constructor(state) {
    this.#state = state;
    this.sizes = h("div", { class: "formula-lines" });
    this.edges = h("div", { class: "formula-lines" });
    this.code = h("pre", { tabindex: 0, role: "group", "aria-label": "This step in NumPy" });
    this.element = h("section", { class: "formulas" }, h("h2", {}, "The formulas"), this.sizes, this.edges);
    this.numpy = h("section", { class: "numpy" }, h("h2", {}, "In NumPy"), this.code);
  }

  show() {
    const { layer, y, x } = this.#state;
    const { geometry, isConv } = layer;
    const codeText = codeOf(this.#state).join("\n");
    if (this.#sizesOf !== geometry) {
      const axes = { H: geometry.height, W: geometry.width };
      put(this.sizes, Object.entries(axes).map(([letter, axis]) => sizeFormula(letter, axis, geometry, isConv)));
    }
    if (this.#sizesOf === geometry && this.#step === codeText) return;
    this.#sizesOf = geometry;
    this.#step = codeText;
    put(this.edges, [
      edgeFormula("vert", "h", y, geometry.stride, geometry.height.window),
      edgeFormula("horiz", "w", x, geometry.stride, geometry.width.window),
    ]);
    this.code.replaceChildren(code(codeText));
  }
}

function put(element, formulas) {
  const paragraphs = (lines) => lines.map((line) => h("p", {}, ...line));
  element.replaceChildren(...formulas.map((lines) => h("div", { class: "formula" }, ...paragraphs(lines))));
}
