// Numbers as text.

const LARGEST_FONT = 15;
const COMFORTABLE_FONT = 9.5; // a digit less rather than a smaller one
const SMALLEST_FONT = 7.5;
const DIGIT_WIDTH = 0.6; // of a monospaced font's size
const ROOM = 0.88; // of a cell's width, for its digits

// The fewest digits that lead back to the same number of the type.
export function shortest(x, dtype) {
  if (dtype !== "float32" || !Number.isFinite(x)) return plain(String(x));
  for (let digits = 1; digits < 9; ++digits) {
    const text = x.toPrecision(digits);
    if (Math.fround(Number(text)) === x) return plain(String(Number(text)));
  }
  return plain(String(Number(x.toPrecision(9))));
}

// With so many digits after the point, rounded from the exact value.
export function fixed(x, digits) {
  if (!Number.isFinite(x)) return nonFinite(x);
  if (Math.abs(x) >= 1e5) return plain(x.toExponential(1));
  const text = x.toFixed(digits);
  return plain(/^-0\.?0*$/.test(text) ? text.slice(1) : text);
}

// In at most so many characters: with fewer digits after the point, or as a power of ten.
export function compact(x, digits, most) {
  for (let fewer = digits; fewer >= 0; --fewer) {
    const text = fixed(x, fewer);
    if (text.length <= most) return text;
  }
  return plain(x.toExponential(0).replace("+", ""));
}

// A real minus sign, as wide as the plus.
function plain(text) {
  return text === "NaN" ? "nan" : text.replace("Infinity", "∞").replaceAll("-", "−");
}

function nonFinite(x) {
  return Number.isNaN(x) ? "nan" : x > 0 ? "∞" : "−∞";
}

// Of numbers that are to have equally many digits after the point, as many as there is room for in cells of this width:
// { texts, font }, the size of a monospaced font. Without digits where they would be too small to read.
export function fitting(numbers, width) {
  for (const digits of [2, 1, 0]) {
    const texts = numbers.map((x) => fixed(x, digits));
    const longest = Math.max(...texts.map((text) => text.length));
    const font = Math.min(LARGEST_FONT, width * 0.36, (width * ROOM) / (DIGIT_WIDTH * longest));
    if (font >= COMFORTABLE_FONT || digits === 0) return { texts, font, isReadable: font >= SMALLEST_FONT };
  }
  return undefined;
}

// A term of a sum: what is negative stands in brackets.
export function bracketed(text) {
  return text.startsWith("−") ? `(${text})` : text;
}

// The number that somebody typed, or undefined.
export function parseNumber(text) {
  const plainText = text.trim().replaceAll("−", "-").replace(",", ".");
  return plainText !== "" && Number.isFinite(Number(plainText)) ? Number(plainText) : undefined;
}

export function shapeText(shape) {
  return `(${shape.join(", ")})`;
}
