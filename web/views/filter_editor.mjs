// One filter's slice for one channel, whose weights are typed in: Enter or leaving the field takes a number, the arrow
// keys change it by a tenth.
import { h } from "../dom.mjs";
import { fitting, fixed, parseNumber, shortest } from "../text.mjs";
import { cssColour } from "./colours.mjs";

const STEP = 0.1;
const TENTHS = 10;

// A field for a number. `onEdit(number)` is called for each that is new.
export function numberField(label, onEdit) {
  const quiet = { inputmode: "decimal", spellcheck: "false", autocomplete: "off" };
  const field = h("input", { class: "number-field", "aria-label": label, ...quiet });
  const take = (value) => {
    if (value !== undefined && value !== field.number) onEdit(value);
    field.value = field.text;
  };
  field.addEventListener("focus", () => {
    field.value = shortest(field.number, field.dtype);
    field.select();
  });
  field.addEventListener("blur", () => take(parseNumber(field.value)));
  field.addEventListener("keydown", (event) => {
    if (event.key === "Escape") field.value = shortest(field.number, field.dtype);
    if (event.key === "Enter" || event.key === "Escape") field.blur();
    const by = { ArrowUp: STEP, ArrowDown: -STEP }[event.key];
    if (by === undefined) return;
    event.preventDefault();
    onEdit(Math.round(((parseNumber(field.value) ?? field.number) + by) * TENTHS * 1000) / (TENTHS * 1000));
    field.value = shortest(field.number, field.dtype);
  });
  return field;
}

// `text` is what is shown of the number while nobody types.
export function showNumber(field, number, dtype, text = fixed(number, 2)) {
  Object.assign(field, { number, dtype, text });
  if (document.activeElement !== field) field.value = text;
}

export class FilterEditor {
  #fields = [];
  #columns = 0;
  #shown;

  // `onEdit(i, j, number)`.
  constructor({ onEdit }) {
    this.onEdit = onEdit;
    this.element = h("div", { class: "weights", role: "group" });
    new ResizeObserver(() => this.#shown && this.show(this.#shown)).observe(this.element);
  }

  show(shown) {
    const { values, rows, columns, range, label, dtype, name } = shown;
    this.#shown = shown;
    if (this.#fields.length !== values.length || this.#columns !== columns) this.#build(rows, columns);
    this.element.setAttribute("aria-label", label);
    const { texts, font } = fitting(Array.from(values), this.element.clientWidth / columns);
    this.element.style.fontSize = `${Math.max(font, 1).toFixed(1)}px`;
    this.#fields.forEach((field, k) => {
      field.setAttribute("aria-label", name(Math.floor(k / columns), k % columns));
      field.style.backgroundColor = cssColour(values[k], range);
      showNumber(field, values[k], dtype, texts[k]);
    });
  }

  // Marks the weight of a tap { i, j }, or none.
  point(tap) {
    const marked = tap && tap.i * this.#columns + tap.j;
    this.#fields.forEach((field, k) => field.classList.toggle("tap", k === marked));
  }

  #build(rows, columns) {
    this.#columns = columns;
    this.element.style.setProperty("--columns", columns);
    this.#fields = Array.from({ length: rows * columns }, (_, k) => {
      const [i, j] = [Math.floor(k / columns), k % columns];
      return numberField("", (number) => this.onEdit(i, j, number));
    });
    this.element.replaceChildren(...this.#fields);
  }
}
