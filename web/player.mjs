// The play: the window moves over the image by itself, in the order of the loops.
import { h, setText } from "./dom.mjs";
import { MANY_POSITIONS } from "./state.mjs";

const SPEEDS = [1, 2, 4, 8, 15, 30, 60, 300, 1500]; // positions a second
const FIRST_SPEED = 2; // of the list
const FAST = 6; // for pictures
const LONGEST_GAP = 100; // milliseconds that a frame may make up for, after the page was hidden

const ICONS = {
  play: "M5 3.5v13l11-6.5z",
  pause: "M5 3.5h3.5v13H5zM11.5 3.5H15v13h-3.5z",
  first: "M4 4h2v12H4zM16 4v12L7 10z",
  back: "M14 4v12L5 10z",
  forth: "M6 4v12l9-6z",
  last: "M14 4h2v12h-2zM4 4v12l9-6z",
};

function icon(name) {
  const template = document.createElement("template");
  template.innerHTML = `<svg viewBox="0 0 20 20" aria-hidden="true"><path d="${ICONS[name]}"/></svg>`;
  return template.content.firstChild;
}

export class Player {
  #state;
  #owed = 0; // positions, of which a frame may be due only a part

  constructor(state) {
    this.#state = state;
    this.playing = false;
    this.speed = state.positions > MANY_POSITIONS ? FAST : FIRST_SPEED;
    const button = (name, label, onclick) => {
      const attributes = { type: "button", class: `to-${name}`, "aria-label": label, title: label, onclick };
      return h("button", attributes, icon(name));
    };
    this.playButton = button("play", "Play", () => this.toggle());
    const oninput = () => this.setSpeed(Number(this.range.value));
    this.range = h("input", { type: "range", min: 0, max: SPEEDS.length - 1, "aria-label": "Speed", oninput });
    this.speedText = h("span", { class: "speed" });
    this.place = h("span", { class: "place" });
    this.soFar = h("input", { type: "checkbox", onchange: () => state.set({ soFar: this.soFar.checked }) });
    this.element = h("div", { class: "player", role: "group", "aria-label": "Player" },
      h("span", { class: "buttons" },
        button("first", "First output", () => this.go(0)),
        button("back", "One output back", () => this.step(-1)),
        this.playButton,
        button("forth", "One output on", () => this.step(1)),
        button("last", "Last output", () => this.go(Infinity))),
      this.place,
      h("label", { class: "range" }, h("span", { class: "label" }, "speed"), this.range, this.speedText),
      h("label", { class: "check" }, this.soFar, "only what is computed so far"));
  }

  go(position) {
    this.pause();
    this.#state.moveTo(position);
  }
  step(by) {
    this.go(this.#state.position + by);
  }

  toggle() {
    if (this.playing) this.pause();
    else this.play();
  }

  play() {
    const state = this.#state;
    this.playing = true;
    this.#owed = 0;
    if (state.position === state.positions - 1) state.moveTo(0);
    state.set({ soFar: true });
    let before = performance.now();
    const frame = (now) => {
      if (!this.playing) return;
      this.#owed += (Math.min(now - before, LONGEST_GAP) / 1000) * SPEEDS[this.speed];
      before = now;
      const steps = Math.floor(this.#owed);
      this.#owed -= steps;
      if (steps > 0) state.moveTo(state.position + steps);
      if (state.position === state.positions - 1) this.pause();
      else requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
  }

  pause() {
    if (!this.playing) return;
    this.playing = false;
    this.#state.set({});
  }

  setSpeed(index) {
    this.speed = Math.min(Math.max(index, 0), SPEEDS.length - 1);
    this.show();
  }

  show() {
    const { y, x, position, positions, soFar } = this.#state;
    const label = this.playing ? "Pause" : "Play";
    if (this.playButton.title !== label) {
      this.playButton.title = label;
      this.playButton.setAttribute("aria-label", label);
      this.playButton.replaceChildren(icon(label.toLowerCase()));
    }
    this.range.value = this.speed;
    const speed = `${SPEEDS[this.speed]} a second`;
    this.range.setAttribute("aria-valuetext", speed);
    setText(this.speedText, speed);
    setText(this.place, `output (${y}, ${x}), ${position + 1} of ${positions}`);
    this.soFar.checked = soFar;
    // A window that is to be elsewhere in the next frame does not glide.
    document.documentElement.classList.toggle("fast", this.playing && SPEEDS[this.speed] > 8);
  }
}
