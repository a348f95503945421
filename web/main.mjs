// The page, put together.
import { bytesOf } from "./arrays.mjs";
import { Choice, Controls } from "./controls.mjs";
import { h, setText } from "./dom.mjs";
import { engine, useEngine } from "./engine.mjs";
import { Gradients } from "./gradients.mjs";
import { Keyboard } from "./keyboard.mjs";
import { Layer } from "./layer.mjs";
import { Player } from "./player.mjs";
import { State } from "./state.mjs";
import { shapeText } from "./text.mjs";
import { Theme } from "./theme.mjs";
import { readColours } from "./views/colours.mjs";
import { Formulas } from "./views/formulas.mjs";
import { Stage, spokenPosition } from "./views/stage.mjs";
import { SumView } from "./views/sum.mjs";
import { wasmEngine } from "./wasm.mjs";
import { leadOf, noteOf, titleOf } from "./words.mjs";

const SPOKEN_AFTER = 250; // milliseconds: who holds an arrow key hears the last place alone

// Returns its state.
function makePage(spec) {
  const layer = new Layer(spec);
  const state = new State(layer);
  const gradients = new Gradients(layer);
  let views = [];
  const theme = new Theme(() => {
    readColours();
    views.forEach((view) => view.show());
  });
  const player = new Player(state);
  const stage = new Stage(state, gradients);
  const sum = new SumView(state, gradients, (tap) => stage.point(tap));
  const formulas = new Formulas(state);
  const controls = new Controls(state);
  const direction = new Choice("direction", ["forward", "backward"].map((word) => [word, word]), (word) =>
    state.set({ direction: word }),
  );
  const keyboard = new Keyboard({ state, player, theme });
  const title = h("h1", {});
  const shapes = h("p", { class: "shapes" });
  const lead = h("p", { class: "lead" });
  const made = h("p", {});
  const switches = h("div", { class: "switches" }, direction.element, theme.button);
  const live = h("p", { class: "spoken", "aria-live": "polite" });

  const head = {
    show() {
      setText(title, titleOf(layer, state.isBackward));
      document.title = titleOf(layer, state.isBackward);
      setText(lead, leadOf(layer, state.isBackward));
      const output = `${layer.isConv ? "Z" : "A"} ${shapeText(layer.outputShape)}`;
      setText(shapes, `A_prev ${shapeText(layer.input.shape)} → ${output}, ${layer.dtype}`);
      direction.show(state.direction);
      setText(made, `Made by convstep. Its numbers are the library's, to the last bit; ${engine.name} computes them.`);
    },
  };
  let speaking;
  const speech = {
    show() {
      clearTimeout(speaking);
      if (player.playing) return;
      const value = stage.nowOutput.values[state.position];
      speaking = setTimeout(() => setText(live, spokenPosition(state, value)), SPOKEN_AFTER);
    },
  };
  views = [head, controls, player, stage, sum, formulas, speech];

  document.getElementById("page").replaceChildren(
    h("header", {}, h("div", {}, title, shapes), switches, lead),
    h("main", {},
      h("div", { class: "bar" }, player.element, controls.element),
      stage.element,
      h("div", { class: "words" }, sum.element, h("div", {}, sum.written, formulas.numpy), formulas.element),
      keyboard.element,
      live),
    h("footer", {}, h("p", {}, noteOf(layer)), made),
  );
  // For who wants to ask more, in the browser's console: convstep.layer.plane(0, 0).
  globalThis.convstep = { layer, state, gradients, engine };
  state.onChange(() => views.forEach((view) => view.show()));
  state.set({});
  return state;
}

const state = makePage(JSON.parse(document.getElementById("layer").textContent));
const wasm = document.getElementById("wasm").textContent;
if (wasm !== "") {
  const start = (other) => {
    useEngine(other);
    state.set({});
  };
  wasmEngine(bytesOf(wasm)).then(start, () => {}); // where it is not allowed, JavaScript goes on
}
