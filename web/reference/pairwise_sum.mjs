// A sum in NumPy's order, as src/reference/pairwise_sum.h has it: the same bits.
//
//   fewer than 8 numbers   one after the other
//   up to 128              eight running sums (every eighth number each), joined in pairs, then the rest one by one
//   more                   two halves, the first a multiple of 8 long, each summed this way

const LANES = 8;
const BLOCK = 128;
const r = new Float64Array(LANES); // the running sums; a block is done with them before the next one begins

// JavaScript computes in float64. One rounding to float32 after each operation gives float32's own result, for sums,
// products and quotients alike: float64 has more than twice its digits.
export function roundingOf(dtype) {
  return dtype === "float32" ? Math.fround : (x) => x;
}

function pairwise(x, begin, n, round) {
  const end = begin + n;
  if (n < LANES) {
    let sum = -0; // the one number that leaves every other unchanged when added to it, -0 included
    for (let i = begin; i < end; ++i) sum = round(sum + x[i]);
    return sum;
  }
  if (n <= BLOCK) {
    let i = begin;
    for (let lane = 0; lane < LANES; ++lane) r[lane] = x[i++];
    for (; i + LANES <= end; i += LANES) {
      for (let lane = 0; lane < LANES; ++lane) r[lane] = round(r[lane] + x[i + lane]);
    }
    let sum = round(
      round(round(r[0] + r[1]) + round(r[2] + r[3])) + round(round(r[4] + r[5]) + round(r[6] + r[7])),
    );
    for (; i < end; ++i) sum = round(sum + x[i]);
    return sum;
  }
  const half = Math.floor(n / 2) - (Math.floor(n / 2) % LANES);
  return round(pairwise(x, begin, half, round) + pairwise(x, begin + half, n - half, round));
}

// Of the first n numbers of x, which are of the type that `round` rounds to.
export function numpySum(x, n, round) {
  return 0 + pairwise(x, 0, n, round);
}
