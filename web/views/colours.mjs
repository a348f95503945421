// The colour of a number. Signed numbers go from one colour over that of the paper, which is 0, to another one; the
// pixels of a picture are grey. The ends are CSS's (style/colours.css), so that light and dark each have their own.

const STEPS = 256; // on each side of 0

function rgbOf(text) {
  const hex = /^#(..)(..)(..)$/.exec(text.trim());
  return hex.slice(1).map((part) => parseInt(part, 16));
}

const mix = (from, to, t) => from.map((value, k) => Math.round(value + (to[k] - value) * t));

// Colours for t = -1 to 1 by steps, as CSS text and as pixels of a canvas.
class Scale {
  constructor(low, middle, high, missing) {
    this.css = [];
    this.pixels = new Uint32Array(2 * STEPS + 1);
    for (let k = 0; k <= 2 * STEPS; ++k) {
      const t = k / STEPS - 1;
      const [r, g, b] = t < 0 ? mix(middle, low, -t) : mix(middle, high, t);
      this.css.push(`rgb(${r},${g},${b})`);
      this.pixels[k] = pixel(r, g, b);
    }
    this.missing = pixel(...missing);
    this.missingCss = `rgb(${missing.join(",")})`;
  }
}

// In the byte order of all machines that browsers run on.
const pixel = (r, g, b) => ((255 << 24) | (b << 16) | (g << 8) | r) >>> 0;

let scales;
let reading = 0;

// After the theme changed.
export function readColours() {
  ++reading;
  const style = getComputedStyle(document.documentElement);
  const colour = (name) => rgbOf(style.getPropertyValue(name));
  const missing = colour("--missing");
  scales = {
    signed: new Scale(colour("--negative"), colour("--zero"), colour("--positive"), missing),
    deep: new Scale(colour("--deep-negative"), colour("--zero"), colour("--deep-positive"), missing),
    grey: new Scale([0, 0, 0], [128, 128, 128], [255, 255, 255], missing),
  };
}

// Numbers are painted by a range: { kind: "signed", largest } or, of a picture, { kind: "grey" } from 0 to 1. Another
// key wherever the same number may have another colour.
export function colourKey(range) {
  return `${range.kind} ${range.largest} ${reading}`;
}

function stepOf(x, range) {
  const t = range.kind === "grey" ? 2 * x - 1 : range.largest > 0 ? x / range.largest : 0;
  return Math.round((Math.min(Math.max(t, -1), 1) + 1) * STEPS);
}

export function cssColour(x, range) {
  const scale = scales[range.kind];
  return Number.isNaN(x) ? scale.missingCss : scale.css[stepOf(x, range)];
}

// Where no digits are to be read on it, a colour may be deeper.
export function pixelColour(x, range) {
  const scale = scales[range.kind === "signed" ? "deep" : range.kind];
  return Number.isNaN(x) ? scale.missing : scale.pixels[stepOf(x, range)];
}

// Are digits on this colour to be light?
export function isDark(x, range) {
  return range.kind === "grey" && x < 0.5;
}
