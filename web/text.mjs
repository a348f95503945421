// Numbers as text.

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

// A real minus sign, as wide as the plus.
function plain(text) {
  return text === "NaN" ? "nan" : text.replace("Infinity", "∞").replaceAll("-", "−");
}

function nonFinite(x) {
  return Number.isNaN(x) ? "nan" : x > 0 ? "∞" : "−∞";
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
