// Numbers as text.
import { largestMagnitude } from "./arrays.mjs";

const LARGEST_FONT = 15;
const COMFORTABLE_FONT = 9.5; // a digit less rather than a smaller one
const SMALLEST_FONT = 7.5;
const DIGIT_WIDTH = 0.6; // of a monospaced font's size
const SMALL = 0.1; // where all numbers of an array are smaller, they are powers of ten
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

// With so many digits after the point, rounded from the exact value. What would round to 0 without being 0 is a power of
// ten with `more` digits after the point of its own.
export function fixed(x, digits, more = Math.max(digits - 1, 0)) {
  if (!Number.isFinite(x)) return nonFinite(x);
  if (Math.abs(x) >= 1e5) return plain(x.toExponential(1));
  const text = x.toFixed(digits);
  return plain(x !== 0 && Number(text) === 0 ? small(x, more) : text);
}

// 0.4 and 0.03 are no longer than their powers of ten.
function small(x, more) {
  return more === 0 && Math.abs(x) >= 0.01 ? x.toPrecision(1) : x.toExponential(more);
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

// How an array's numbers may be written, with ever fewer digits: alike, by the magnitude of the largest.
function waysToWrite(numbers) {
  const largest = largestMagnitude(numbers);
  if (largest === 0 || largest >= SMALL) return [2, 1, 0].map((digits) => (x) => fixed(x, digits, 0));
  const power = (x, digits) => (Number.isFinite(x) ? plain(x.toExponential(digits)) : nonFinite(x));
  return [1, 0].map((digits) => (x) => (x === 0 ? "0" : power(x, digits)));
}

// Numbers with as many digits as there is room for in cells of this width: { texts, font }, the size of a monospaced
// font. Without digits where they would be too small to read.
export function fitting(numbers, width) {
  let best;
  for (const write of waysToWrite(numbers)) {
    const texts = numbers.map(write);
    const longest = Math.max(...texts.map((text) => text.length));
    const font = Math.min(LARGEST_FONT, width * 0.36, (width * ROOM) / (DIGIT_WIDTH * longest));
    best = { texts, font, isReadable: font >= SMALLEST_FONT };
    if (font >= COMFORTABLE_FONT) break;
  }
  return best;
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
