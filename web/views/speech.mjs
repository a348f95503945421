// The chosen output in words, for those who do not see it.
import { h, setText } from "../dom.mjs";
import { fixed } from "../text.mjs";

const SPOKEN_AFTER = 250; // milliseconds: who holds an arrow key hears the last place alone
const SPOKEN_DIGITS = 4;

export class Speech {
  #state;
  #stage;
  #player;
  #timer;

  constructor(state, stage, player) {
    this.#state = state;
    this.#stage = stage;
    this.#player = player;
    this.element = h("p", { class: "spoken", "aria-live": "polite" });
  }

  // Says nothing while the play runs.
  show() {
    clearTimeout(this.#timer);
    if (this.#player.playing) return;
    this.#timer = setTimeout(() => setText(this.element, this.#text()), SPOKEN_AFTER);
  }

  #text() {
    const { layer, image, y, x, filter, position, isBackward } = this.#state;
    const { stride, pad, height, width } = layer.geometry;
    const [row, column] = [y * stride - pad, x * stride - pad];
    const name = (isBackward ? "d" : "") + (layer.isConv ? "Z" : "A");
    const value = fixed(this.#stage.nowOutput.values[position], SPOKEN_DIGITS);
    return (
      `${name}[${image}, ${y}, ${x}, ${filter}] = ${value}. ` +
      `Window: rows ${row} to ${row + height.window - 1}, columns ${column} to ${column + width.window - 1}.`
    );
  }
}
