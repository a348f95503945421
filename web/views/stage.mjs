// The three figures of a step: the input with the window on it, what the window meets, the output. On the way back they
// are the same three, with the gradients in them.
import { h, setText } from "../dom.mjs";
import { outputNear } from "../reference/geometry.mjs";
import { chosenElement, poolShares, poolTerms } from "../terms.mjs";
import { shapeText, shortest } from "../text.mjs";
import { ArraysShown } from "./arrays_shown.mjs";
import { Figure } from "./figure.mjs";
import { FilterEditor, numberField, showNumber } from "./filter_editor.mjs";
import { Grid } from "./grid.mjs";
import { Links } from "./links.mjs";
import { Loupe } from "./loupe.mjs";
import { Strip } from "./strip.mjs";

const CELL = { height: 1, width: 1 };

export class Stage {
  #state;

  constructor(state, gradients) {
    this.#state = state;
    this.shown = new ArraysShown(state.layer, gradients);
    this.readout = h("p", { class: "readout", "aria-hidden": "true" });
    this.#makeInput();
    this.#makeMiddle();
    this.#makeOutput();
    this.before = h("div", { class: "operator", "aria-hidden": "true" });
    this.after = h("div", { class: "operator", "aria-hidden": "true" });
    const [input, middle, output] = [this.input, this.middle, this.output].map(({ element }) => element);
    this.figures = h("div", { class: `figures ${state.layer.kind}` }, input, this.before, middle, this.after, output);
    this.links = new Links(this.figures, () => this.#ends());
    this.figures.append(this.links.element);
    this.element = h("div", { class: "stage" }, this.figures, this.readout);
  }

  #makeInput() {
    const state = this.#state;
    this.inputGrid = new Grid({
      onPick: (place) => this.#pickInput(place),
      onPoint: (place) => this.#point("input", place),
    });
    this.channels = new Strip({ noun: "channel", keys: ", and .", onChoose: (channel) => state.set({ channel }) });
    this.input = new Figure("input", this.inputGrid.element, this.channels.element);
  }

  #makeOutput() {
    const state = this.#state;
    this.outputGrid = new Grid({
      onPick: ({ row, column }) => state.set({ y: row, x: column, element: undefined }),
      onPoint: (place) => this.#point("output", place),
      focusable: true,
    });
    const noun = state.layer.isConv ? "filter" : "channel";
    this.filters = new Strip({ noun, keys: "[ and ]", onChoose: (filter) => state.set({ filter }) });
    this.output = new Figure("output", this.outputGrid.element, this.filters.element);
  }

  // Of a convolution the filter, and on the way back its gradient; of a pooling the window's own elements.
  #makeMiddle() {
    const state = this.#state;
    const { layer } = state;
    this.windowGrid = new Grid({ onPoint: (place) => this.#point("window", place) });
    if (!layer.isConv) {
      this.middle = new Figure("middle", this.windowGrid.element);
      return;
    }
    const edited = (change) => {
      change();
      state.set({});
    };
    this.editor = new FilterEditor({
      onEdit: (i, j, value) => edited(() => layer.setWeight(i, j, state.channel, state.filter, value)),
    });
    this.biasField = numberField("", (value) => edited(() => layer.setBias(state.filter, value)));
    this.bias = h("label", { class: "bias" }, h("span", {}, "+ b"), this.biasField);
    this.gradTitle = h("h2", { class: "below" }, h("span", { class: "name" }, "dW"));
    this.biasGrad = h("p", { class: "line" });
    this.back = h("div", { class: "back" }, this.gradTitle, this.windowGrid.element, this.biasGrad);
    this.loupe = new Loupe();
    this.middle = new Figure("middle", this.editor.element, this.bias, this.back, this.loupe.element);
  }

  #window() {
    const { y, x, layer } = this.#state;
    const { stride, height, width } = layer.geometry;
    return { row: y * stride, column: x * stride, height: height.window, width: width.window };
  }

  // Where on the screen the window is, what it meets, and the output.
  #ends() {
    const { y, x } = this.#state;
    const middle = this.editor ?? this.windowGrid;
    return [
      this.inputGrid.rectOf(this.#window()),
      middle.element.getBoundingClientRect(),
      this.outputGrid.rectOf({ row: y, column: x, ...CELL }),
    ];
  }

  // Forward: the output whose window is over the place. On the way back: the element whose sum is written out.
  #pickInput({ row, column }) {
    const state = this.#state;
    const { geometry, pad } = state.layer;
    const place = { row: row - pad, column: column - pad };
    if (!state.isBackward) {
      const y = outputNear(geometry, geometry.height, place.row);
      state.set({ y, x: outputNear(geometry, geometry.width, place.column) });
      return;
    }
    const [, H, W] = state.layer.input.shape;
    if (place.row >= 0 && place.row < H && place.column >= 0 && place.column < W) state.set({ element: place });
  }

  // The whole number under the pointer.
  #point(which, place) {
    setText(this.readout, place ? this.#numberAt(which, place) : "");
  }

  #numberAt(which, { row, column }) {
    const { layer, image, channel, filter, isBackward } = this.#state;
    const at = (array) => array?.values[row * array.columns + column];
    const text = (name, indices, value) => `${name}[${indices.join(", ")}] = ${shortest(value, layer.dtype)}`;
    if (which === "output") {
      const name = (isBackward ? "d" : "") + (layer.isConv ? "Z" : "A");
      return text(name, [image, row, column, filter], at(this.nowOutput));
    }
    if (which === "input") {
      const inner = [image, row - layer.pad, column - layer.pad, channel];
      const [, H, W] = layer.input.shape;
      const isPadding = inner[1] < 0 || inner[2] < 0 || inner[1] >= H || inner[2] >= W;
      if (isPadding) return isBackward ? "padding: its gradient is cut off" : "padding: 0";
      return text(isBackward ? "dA_prev" : "A_prev", inner, at(this.nowInput));
    }
    if (layer.isConv) return text("dW", [row, column, channel, filter], at(this.nowWindow));
    return text("window", [row, column], at(this.nowWindow));
  }

  // Frames the element under a tap of the window, and its weight, where they are of the channel that is shown.
  point(tap) {
    const box = this.#window();
    const isShown = tap !== undefined && tap.c === this.#state.channel;
    const place = isShown ? { row: box.row + tap.i, column: box.column + tap.j, ...CELL } : undefined;
    this.inputGrid.frames.place("tap", place);
    this.editor?.point(isShown ? tap : undefined);
  }

  show() {
    this.point(undefined);
    this.#showInput();
    this.#showMiddle();
    this.#showOutput();
    const { isBackward, layer } = this.#state;
    setText(this.before, isBackward ? "←" : layer.isConv ? "∗" : "→");
    setText(this.after, isBackward ? "←" : layer.isConv ? "=" : "→");
    this.links.show();
  }

  #inputArray(c) {
    const { image, isBackward, grad, reached } = this.#state;
    return isBackward ? this.shown.inputGrad(image, c, grad, reached) : this.shown.input(image, c);
  }

  #showInput() {
    const { layer, image, channel, isBackward } = this.#state;
    const [, H, W] = layer.input.shape;
    const { pad } = layer;
    const isPadding = (row, column) => row < pad || column < pad || row >= H + pad || column >= W + pad;
    const name = isBackward ? "dA_prev" : "A_prev";
    const border = pad === 0 ? "" : isBackward ? ", the border is cut off" : `, with ${pad} of padding`;
    const channelText = layer.channels > 1 ? `, channel ${channel}` : "";
    const line = `image ${image}${channelText}${border}`;
    this.input.title(name, shapeText(layer.input.shape), line);
    this.nowInput = this.#inputArray(channel);
    this.inputGrid.show({
      ...this.nowInput,
      label: `${name}, ${line}`,
      look: (row, column) => (isPadding(row, column) ? "padding" : ""),
    });
    const box = this.#window();
    this.inputGrid.frames.place("input-edge", pad > 0 ? { row: pad, column: pad, height: H, width: W } : undefined);
    this.inputGrid.placeWindow(box);
    const element = chosenElement(this.#state);
    const dotted = { row: element.row + pad, column: element.column + pad, ...CELL };
    this.inputGrid.frames.place("element", isBackward ? dotted : undefined);
    const best = !layer.isConv && layer.mode === "max" ? this.#firstBest() : undefined;
    this.inputGrid.frames.place("best", best && { row: box.row + best.row, column: box.column + best.column, ...CELL });
    this.channels.show(layer.channels, channel, (c) => this.#inputArray(c), undefined, box);
    if (!this.loupe) return;
    this.loupe.element.hidden = !this.inputGrid.isPicture;
    if (this.inputGrid.isPicture) this.loupe.show(this.nowInput, box);
  }

  // Where in the window the first maximum is.
  #firstBest() {
    const { layer, image, y, x, channel } = this.#state;
    const k = poolTerms(layer, image, y, x, channel).isBest.indexOf(true);
    const { window } = layer.geometry.width;
    return k < 0 ? undefined : { row: Math.floor(k / window), column: k % window };
  }

  #showMiddle() {
    if (this.#state.layer.isConv) this.#showFilter();
    else this.#showWindow();
  }

  #showFilter() {
    const { layer, image, channel, filter, isBackward, grad, soFar, reached } = this.#state;
    const named = layer.filterNames?.[filter];
    const slice = layer.channels > 1 ? `filter ${filter}, channel ${channel}` : `filter ${filter}`;
    const line = named ? `${named}, ${slice}` : slice;
    this.middle.title("W", shapeText(layer.weights.shape), line);
    this.editor.show({
      ...this.shown.weights(channel, filter),
      dtype: layer.dtype,
      label: `W, ${line}: type to change it`,
      name: (i, j) => `W[${i}, ${j}, ${channel}, ${filter}]`,
    });
    this.biasField.setAttribute("aria-label", `b[0, 0, 0, ${filter}]`);
    showNumber(this.biasField, layer.bias.data[filter], layer.dtype);
    this.back.hidden = !isBackward;
    if (!isBackward) return;
    const count = soFar ? reached : undefined;
    this.nowWindow = this.shown.weightsGrad(image, channel, filter, grad, count);
    this.windowGrid.show({ ...this.nowWindow, label: `dW, ${line}` });
    const { biasGrad } = this.shown.weightsSums(image, grad, count);
    setText(this.biasGrad, `db = ${shortest(biasGrad[filter], layer.dtype)}`);
  }

  #showWindow() {
    const { layer, image, channel, y, x, isBackward, grad, position } = this.#state;
    const { height, width } = layer.geometry;
    const terms = poolTerms(layer, image, y, x, channel);
    const size = `(${height.window}, ${width.window})`;
    const g = this.shown.grad(image, channel, grad).values[position];
    const values = isBackward ? poolShares(layer, image, y, x, channel, g).map((share) => share ?? 0) : terms.elements;
    const range = isBackward ? this.shown.grad(image, channel, grad).range : this.shown.input(image, channel).range;
    const isMax = layer.mode === "max";
    const what = isMax ? "the mask, times dA" : "dA, spread evenly";
    const share = isMax ? "mask × dA" : "dA / f²";
    const kept = `the ${isMax ? "largest" : "mean"} is kept`;
    this.middle.title(isBackward ? share : "a_prev_slice", size, isBackward ? what : kept);
    this.nowWindow = { values, rows: height.window, columns: width.window, range };
    this.windowGrid.show({ ...this.nowWindow, label: isBackward ? what : `the window at (${y}, ${x})` });
    const best = isMax ? this.#firstBest() : undefined;
    this.windowGrid.frames.place("best", best && { ...best, ...CELL });
  }

  #outputArray(o) {
    const { image, isBackward, grad } = this.#state;
    return isBackward ? this.shown.grad(image, o, grad) : this.shown.output(image, o);
  }

  #showOutput() {
    const { layer, image, filter, y, x, isBackward, reached } = this.#state;
    const name = (isBackward ? "d" : "") + (layer.isConv ? "Z" : "A");
    const which = layer.outputs > 1 ? `, ${layer.isConv ? "filter" : "channel"} ${filter}` : "";
    const line = `image ${image}${which}`;
    this.output.title(name, shapeText(layer.outputShape), line);
    this.nowOutput = this.#outputArray(filter);
    const until = isBackward ? undefined : reached;
    this.outputGrid.show({ ...this.nowOutput, reached: until, label: `${name}, ${line}: arrow keys choose an output` });
    const box = { row: y, column: x, ...CELL };
    this.outputGrid.placeWindow(box);
    this.outputGrid.activate(y, x);
    const nameOf = layer.isConv ? (o) => layer.filterNames?.[o] : undefined;
    this.filters.show(layer.outputs, filter, (o) => ({ ...this.#outputArray(o), reached: until }), nameOf, box);
  }
}
