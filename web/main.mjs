// The page, put together.
import { bytesOf } from "./arrays.mjs";
import { Controls } from "./controls.mjs";
import { h } from "./dom.mjs";
import { engine, useEngine } from "./engine.mjs";
import { Gradients } from "./gradients.mjs";
import { Keyboard } from "./keyboard.mjs";
import { Layer } from "./layer.mjs";
import { Player } from "./player.mjs";
import { State } from "./state.mjs";
import { Theme } from "./theme.mjs";
import { readColours } from "./views/colours.mjs";
import { Formulas } from "./views/formulas.mjs";
import { Head } from "./views/head.mjs";
import { Speech } from "./views/speech.mjs";
import { Stage } from "./views/stage.mjs";
import { SumView } from "./views/sum.mjs";
import { wasmEngine } from "./wasm.mjs";

// What is shown, in the order in which it is brought up to date.
function makeViews(state, gradients, theme) {
  const player = new Player(state);
  const stage = new Stage(state, gradients);
  const sum = new SumView(state, gradients, (tap) => stage.point(tap));
  return {
    head: new Head(state, theme),
    controls: new Controls(state),
    player,
    stage,
    sum,
    formulas: new Formulas(state),
    speech: new Speech(state, stage, player),
  };
}

function layOut({ head, controls, player, stage, sum, formulas, speech }, keyboard) {
  const left = h("div", {}, sum.written, formulas.numpy);
  const main = h(
    "main",
    {},
    h("div", { class: "bar" }, player.element, controls.element),
    stage.element,
    h("div", { class: "words" }, sum.element, left, formulas.element),
    keyboard.element,
    speech.element,
  );
  document.getElementById("page").replaceChildren(head.element, main, head.foot);
}

const layer = new Layer(JSON.parse(document.getElementById("layer").textContent));
const state = new State(layer);
const gradients = new Gradients(layer);
const theme = new Theme(() => {
  readColours();
  state.set({});
});
const views = makeViews(state, gradients, theme);
layOut(views, new Keyboard({ state, player: views.player, theme }));
state.onChange(() => Object.values(views).forEach((view) => view.show()));
state.set({});
// For who wants to ask more, in the browser's console: convstep.layer.plane(0, 0).
globalThis.convstep = { layer, state, gradients, engine };

const wasm = document.getElementById("wasm").textContent;
if (wasm !== "") {
  const start = (other) => {
    useEngine(other);
    state.set({});
  };
  wasmEngine(bytesOf(wasm)).then(start, () => {}); // where it is not allowed, JavaScript goes on
}
