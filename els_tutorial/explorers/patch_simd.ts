// One training image against the noisy picture at every shift, four pixels at a time.
//
// AssemblyScript; patch_simd.js holds what it compiles to and says how. Squared differences are
// added up over windows without ever being taken away again, so a sum in 32 bits is right to a few
// parts in ten million of itself, however small it is beside others.
//
// Pictures lie in rows with `radius` columns added on either side: of the far side on a torus, else
// zeros, in both, so that what the border cuts off adds nothing.

let height: i32, width: i32, channels: i32, radius: i32, side: i32, circular: bool;
let reachDown: i32, reachRight: i32; // the largest shift either way
let noisyStride: i32, keyStride: i32, outStride: i32; // bytes in a row
let noisy: usize, keys: usize, penalty: usize;
let squares: usize, squareFours: usize; // [H + 2 r] rows, those outside the picture included
let line: usize, lineFours: usize; // sums over the windows' columns, for one row of pixels
let energy: usize, total: usize, sum: usize; // results; energy is minus the logit

let from: i32, upTo: i32, upToWide: i32; // bytes of a row that hold the pixels compared at a shift

const FAR: f32 = 1e30;
const LARGE: i32 = 12;

function padded(count: i32): i32 {
  return ((count + 3) & ~3) << 2;
}

// Lay out the memory from `base` on, and return where it ends.
export function layout(base: usize, h: i32, w: i32, c: i32, r: i32, torus: bool): usize {
  height = h; width = w; channels = c; radius = r; side = 2 * r + 1; circular = torus;
  reachDown = torus ? h - 1 : max(0, h - 1 - 2 * r);
  reachRight = torus ? w - 1 : max(0, w - 1 - 2 * r);
  noisyStride = padded(w + 2 * r);
  keyStride = padded(w + 2 * r + 2 * reachRight + 4);
  outStride = padded(w);
  noisy = base;
  keys = noisy + c * h * noisyStride;
  squares = keys + c * h * keyStride;
  squareFours = squares + (h + 2 * r) * noisyStride;
  line = squareFours + (h + 2 * r) * noisyStride;
  lineFours = line + noisyStride + 16;
  penalty = lineFours + noisyStride + 16;
  energy = penalty + outStride;
  total = energy + h * outStride;
  sum = total + h * outStride;
  return sum + c * h * outStride;
}

export function noisyAt(): usize { return noisy; }
export function keysAt(): usize { return keys; }
export function energyAt(): usize { return energy; }
export function columnsLeft(): i32 { return radius + (circular ? 0 : reachRight); } // of the keys

// @ts-ignore: decorator
@inline
function exponential(x: v128): v128 {
  // 2^n times a series, n the nearest whole number: right to 3 parts in a million.
  x = f32x4.max(x, f32x4.splat(-87));
  const n = f32x4.nearest(f32x4.mul(x, f32x4.splat(1.44269504)));
  const y = f32x4.sub(x, f32x4.mul(n, f32x4.splat(0.693147181)));
  let e = f32x4.splat(1.0 / 120);
  e = f32x4.add(f32x4.mul(e, y), f32x4.splat(1.0 / 24));
  e = f32x4.add(f32x4.mul(e, y), f32x4.splat(1.0 / 6));
  e = f32x4.add(f32x4.mul(e, y), f32x4.splat(0.5));
  e = f32x4.add(f32x4.mul(e, y), f32x4.splat(1));
  e = f32x4.add(f32x4.mul(e, y), f32x4.splat(1));
  return i32x4.add(e, i32x4.shl(i32x4.trunc_sat_f32x4_s(n), 23));
}

function rowOfSquares(i: i32, u: i32, shift: i32): void {
  const out = squares + (i + radius) * noisyStride;
  const to = upToWide; // what a loop reads, it reads faster from a constant
  for (let c = 0; c < channels; c++) {
    const x = noisy + (c * height + i) * noisyStride;
    const y = keys + (c * height + u) * keyStride + (shift << 2);
    for (let k = from; k < to; k += 16) {
      const d = f32x4.sub(v128.load(x + k), v128.load(y + k));
      let square = f32x4.mul(d, d);
      if (c) square = f32x4.add(square, v128.load(out + k));
      v128.store(out + k, square);
    }
  }
}

function wrapRows(): void {
  const all = height * noisyStride, more = radius * noisyStride;
  memory.copy(squares, squares + all, more);
  memory.copy(squares + all + more, squares + more, more);
}

// Where `side` is large, sums of four neighbours are made first, and few of them make a window.
function addFours(at: usize, step: i32, out: usize, bytes: i32): void {
  for (let k: i32 = 0; k < bytes; k += 16) {
    const one = f32x4.add(v128.load(at + k), v128.load(at + k + step));
    const two = f32x4.add(v128.load(at + k + 2 * step), v128.load(at + k + 3 * step));
    v128.store(out + k, f32x4.add(one, two));
  }
}

// The sum over a window's side: of `side` numbers that lie `step` bytes apart, for four pixels.
// @ts-ignore: decorator
@inline
function sumOver(at: usize, fours: usize, step: i32, side: i32): v128 {
  let s = v128.load(at);
  if (side < LARGE) {
    for (let m = 1; m < side; m++) s = f32x4.add(s, v128.load(at + m * step));
    return s;
  }
  let m = 1;
  if (side & 2) {
    s = f32x4.add(s, f32x4.add(v128.load(at + step), v128.load(at + 2 * step)));
    m = 3;
  }
  for (; m < side; m += 4) s = f32x4.add(s, v128.load(fours + m * step));
  return s;
}

function sumColumns(i: i32): void {
  const step = noisyStride, across = side, to = upToWide, out = line;
  const ones = squares + i * step, fours = squareFours + i * step;
  for (let k = from; k < to; k += 16) {
    v128.store(out + k, sumOver(ones + k, fours + k, step, across));
  }
}

function vote(i: i32, u: i32, shift: i32, scale: v128, cut: v128): void {
  const values = keys + u * keyStride + ((radius + shift) << 2);
  const to = upTo, across = side, more = channels, ones = line, fours = lineFours;
  const sums = sum + i * outStride, plane = height * outStride, keyPlane = height * keyStride;
  const energies = energy + i * outStride, totals = total + i * outStride, edge = penalty;
  for (let k = from; k < to; k += 16) {
    const window = sumOver(ones + k, fours + k, 4, across);
    const now = f32x4.add(f32x4.mul(window, scale), v128.load(edge + k));
    let least = v128.load(energies + k);
    const gap = f32x4.sub(now, least);
    if (!v128.any_true(f32x4.lt(gap, cut))) continue;
    let all = v128.load(totals + k);
    if (v128.any_true(f32x4.lt(gap, f32x4.splat(0)))) {
      // New heaviest candidates: what was gathered so far shrinks.
      const lower = f32x4.min(least, now);
      const shrink = exponential(f32x4.sub(lower, least));
      all = f32x4.mul(all, shrink);
      for (let c = 0; c < more; c++) {
        const at = sums + c * plane + k;
        v128.store(at, f32x4.mul(v128.load(at), shrink));
      }
      least = lower;
      v128.store(energies + k, least);
    }
    const weight = exponential(f32x4.sub(least, now));
    v128.store(totals + k, f32x4.add(all, weight));
    for (let c = 0; c < more; c++) {
      const at = sums + c * plane + k;
      const value = v128.load(values + c * keyPlane + k);
      v128.store(at, f32x4.add(v128.load(at), f32x4.mul(weight, value)));
    }
  }
}

// Add all candidates of one training image to the softmax of every pixel.
export function scan(scale: f32, cut: f32): void {
  const scales = f32x4.splat(scale), cuts = f32x4.splat(cut);
  for (let down = circular ? 0 : -reachDown; down <= reachDown; down++) {
    const wholeRows = circular || down == 0;
    const first = wholeRows ? 0 : max(radius, radius - down);
    const last = wholeRows ? height : min(height - radius, height - radius - down);
    const top = wholeRows ? 0 : first - radius;
    const bottom = wholeRows ? height : last + radius;
    for (let right = circular ? 0 : -reachRight; right <= reachRight; right++) {
      const wholeColumns = circular || right == 0;
      const left = wholeColumns ? 0 : max(radius, radius - right);
      const end = wholeColumns ? width : min(width - radius, width - radius - right);
      if (left >= end) continue;
      for (let j: i32 = 0; j < outStride >> 2; j++) {
        store<f32>(penalty + (j << 2), j >= left && j < end ? 0 : FAR);
      }
      from = (left & ~3) << 2;
      upTo = padded(end);
      upToWide = min(noisyStride, padded(end + 2 * radius));
      const shift = right + (circular ? 0 : reachRight);
      for (let i = top; i < bottom; i++) {
        const u = i + down;
        rowOfSquares(i, u >= height ? u - height : u, shift);
      }
      if (circular) wrapRows();
      if (side >= LARGE) {
        const rows = height + 2 * radius - 3;
        addFours(squares, noisyStride, squareFours, rows * noisyStride);
      }
      for (let i = first; i < last; i++) {
        sumColumns(i);
        if (side >= LARGE) addFours(line, 4, lineFours, noisyStride);
        const u = i + down;
        vote(i, u >= height ? u - height : u, shift, scales, cuts);
      }
    }
  }
}
