// The chosen number, written out: what is multiplied, the sum term by term, the result with all its digits.
import { largestMagnitude } from "../arrays.mjs";
import { h, setText } from "../dom.mjs";
import { chosenElement, inputGradTerms, outputTerms, poolShares, poolTerms } from "../terms.mjs";
import { bracketed, fixed, shortest } from "../text.mjs";
import { MOST_PRODUCTS, Products } from "./products.mjs";

const MOST_TERMS = 400; // written out in one line
const DIGITS = 4;

// A line ends between terms, not within one.
const times = (a, b) => `${bracketed(fixed(a, DIGITS))}\u00a0×\u00a0${bracketed(fixed(b, DIGITS))}`;
const PLUS = "  +\u00a0";

function writtenOut(texts, between) {
  const left = texts.length - MOST_TERMS;
  return texts.slice(0, MOST_TERMS).join(between) + (left > 0 ? `${between}… and ${left} terms more` : "");
}

export class SumView {
  #state;
  #gradients;

  // `onPoint(tap)`: of the window { i, j, c }, or undefined.
  constructor(state, gradients, onPoint) {
    this.#state = state;
    this.#gradients = gradients;
    this.title = h("h2", {});
    this.lead = h("p", { class: "lead" });
    this.products = new Products(
      (c) => state.set({ channel: this.firstChannel + c }),
      (cell) => onPoint(cell && this.#tapOf(cell)),
    );
    this.result = h("p", { class: "result" });
    this.line = h("div", { class: "written-out", tabindex: 0, role: "group", "aria-label": "The sum, term by term" });
    this.element = h("section", { class: "sum" }, this.title, this.lead, this.products.element, this.result);
    this.about = h("p", { class: "line" });
    this.written = h("section", { class: "written" }, h("h2", {}, "Term by term"), this.about, this.line);
  }

  show() {
    const { layer, isBackward } = this.#state;
    setText(this.title, isBackward ? "What goes back" : layer.isConv ? "The sum" : "The number");
    const about = "What every window over the dotted element adds to it. Click another element.";
    setText(this.about, isBackward ? about : "");
    if (isBackward) this.#showBackward();
    else if (layer.isConv) this.#showConv();
    else this.#showPool();
  }

  #tapOf({ c, k }) {
    const columns = this.#state.layer.weights.shape[1];
    return { i: Math.floor(k / columns), j: k % columns, c: this.firstChannel + c };
  }

  #text(lead, result, line) {
    setText(this.lead, lead);
    setText(this.result, result);
    setText(this.line, line);
  }

  // A card for each channel, or for the chosen one alone where there are too many numbers. `factorsOf` a term.
  #cards(terms, factorsOf) {
    const { layer, channel } = this.#state;
    const [, KW, C] = layer.weights.shape;
    const all = terms.length <= MOST_PRODUCTS;
    const card = (c) => ({
      title: `channel ${c}`,
      isChosen: C > 1 && c === channel,
      cells: terms.filter((term) => term.c === c).map((term) => ({ ...term, factors: factorsOf(term) })),
    });
    this.firstChannel = all ? 0 : channel;
    const cards = all ? Array.from({ length: C }, (_, c) => card(c)) : [card(channel)];
    const largest = largestMagnitude(terms.map(({ product }) => product));
    this.products.show(cards, KW, { kind: "signed", largest });
    this.products.element.hidden = false;
    return all ? "" : ` Channel ${channel} is shown.`;
  }

  #showConv() {
    const { layer, image, y, x, filter } = this.#state;
    const { terms, sum, bias, value } = outputTerms(layer, image, y, x, filter);
    const note = this.#cards(terms, ({ a, w }) => [a, w]);
    const name = `Z[${image}, ${y}, ${x}, ${filter}]`;
    const factors = terms.map(({ a, w }) => times(a, w));
    this.#text(
      `Each number under the window times its weight: ${terms.length} products.${note}`,
      `${name} = ${fixed(sum, DIGITS)} + ${bracketed(fixed(bias, DIGITS))} = ${shortest(value, layer.dtype)}`,
      `${name} = ${writtenOut(factors, PLUS)}${PLUS}${bracketed(fixed(bias, DIGITS))}\u00a0(b)`,
    );
  }

  #showPool() {
    const { layer, image, y, x, channel } = this.#state;
    const { elements, sum, value } = poolTerms(layer, image, y, x, channel);
    const name = `A[${image}, ${y}, ${x}, ${channel}]`;
    const texts = Array.from(elements, (element) => fixed(element, DIGITS));
    const isMax = layer.mode === "max";
    this.products.element.hidden = true;
    this.#text(
      isMax ? "The largest of the numbers under the window is kept." : "The mean of the numbers under the window.",
      isMax
        ? `${name} = ${shortest(value, layer.dtype)}`
        : `${name} = ${fixed(sum, DIGITS)} / ${elements.length} = ${shortest(value, layer.dtype)}`,
      isMax
        ? `${name} = max(${writtenOut(texts, ",  ")})`
        : `${name} = (${writtenOut(texts.map(bracketed), PLUS)}) / ${elements.length}`,
    );
  }

  #showBackward() {
    const { layer, image, y, x, filter, grad, position, channel } = this.#state;
    const g = this.#gradients.grad(image, filter, grad)[position];
    const output = `d${layer.isConv ? "Z" : "A"}[${image}, ${y}, ${x}, ${filter}]`;
    const gText = `${output} = ${shortest(g, layer.dtype)}`;
    let lead;
    if (layer.isConv) {
      const { terms } = outputTerms(layer, image, y, x, filter);
      const back = terms.map((term) => ({ ...term, product: term.w * g }));
      const note = this.#cards(back, ({ w }) => [w, g]);
      lead = `${gText} goes back to every element under the window, times the weight there.${note}`;
    } else {
      const shares = poolShares(layer, image, y, x, channel, g).filter((share) => share !== undefined);
      const several = shares.length > 1 ? `, of which there are ${shares.length}` : "";
      this.products.element.hidden = true;
      lead =
        layer.mode === "max"
          ? `${gText} goes back to the maximum alone${several}.`
          : `${gText} is divided by ${shares.length}: every element gets ${fixed(shares[0], DIGITS)}.`;
    }
    this.#showElement(lead);
  }

  // The sum of one element of dA_prev: the one that was clicked, or the middle of the window.
  #showElement(lead) {
    const state = this.#state;
    const { layer, image, channel, grad, reached } = state;
    const { row, column } = chosenElement(state);
    const grads = Array.from({ length: layer.outputs }, (_, o) => this.#gradients.grad(image, o, grad));
    const { terms, value } = inputGradTerms(layer, image, row, column, channel, grads, reached);
    const name = `dA_prev[${image}, ${row}, ${column}, ${channel}]`;
    const text = ({ w, g, product }) => (layer.isConv ? times(w, g) : bracketed(fixed(product, DIGITS)));
    this.#text(
      lead,
      `${name} = ${shortest(value, layer.dtype)}`,
      terms.length === 0
        ? `${name} = 0: no window${state.soFar ? " so far" : ""} hands anything to it`
        : `${name} = ${writtenOut(terms.map(text), PLUS)}`,
    );
  }
}
