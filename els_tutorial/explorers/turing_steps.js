// Gray and Scott's two substances, U and V, which react and spread in steps of time. The same
// operations in the same order as in `els_tutorial.explorers.turing_steps`, so the same bits.

import { createNoise } from "./noise.js";

export const SIDE = 128; // cells a side; the field is a torus
export const [SPREAD_U, SPREAD_V] = [0.16, 0.08]; // diffusion constants, in cells squared a step
const DROPS = 12; // at the start
export const SIZES = { drop: [6, 8], wipe: [12, 12] }; // rows and columns of the brush

export function evenState(feed, kill) {
  // The even state with more V; null where V cannot keep itself alive.
  const loss = feed + kill;
  const inside = 1 - (4 * loss * loss) / feed;
  if (inside < 0) return null;
  const v = (feed / (2 * loss)) * (1 + Math.sqrt(inside));
  return [loss / v, v];
}

export function kindOf(feed, kill) {
  // What becomes of that state after a small disturbance.
  const even = evenState(feed, kill);
  if (!even) return "none";
  const loss = feed + kill;
  const square = even[1] * even[1];
  const own = -square - feed;
  const determinant = own * loss - -2 * loss * square;
  if (own + loss >= 0 || determinant <= 0) return "restless";
  const mixed = SPREAD_V * own + SPREAD_U * loss;
  return mixed > 2 * Math.sqrt(SPREAD_U * SPREAD_V * determinant) ? "turing" : "even";
}

export function createField() {
  const area = SIDE * SIDE;
  const { uniforms } = createNoise();
  let [u, v] = [new Float64Array(area), new Float64Array(area)];
  let [nextU, nextV] = [new Float64Array(area), new Float64Array(area)];

  function fill(row, column, [rows, columns], ownU, ownV) {
    for (let i = 0; i < rows; i++) {
      const at = ((row + i + SIDE) % SIDE) * SIDE;
      for (let j = 0; j < columns; j++) {
        const cell = at + ((column + j + SIDE) % SIDE);
        u[cell] = ownU;
        v[cell] = ownV;
      }
    }
  }

  function begin({ start, seed, feed, kill }) {
    const next = uniforms(seed);
    if (start === "drops") {
      u.fill(1);
      v.fill(0);
      for (let k = 0; k < DROPS; k++) {
        const row = Math.floor(next() * SIDE);
        fill(row, Math.floor(next() * SIDE), SIZES.drop, 0.5, 0.25);
      }
      return;
    }
    const [evenU, evenV] = evenState(feed, kill) || [1, 0];
    for (let i = 0; i < area; i++) u[i] = evenU + 0.01 * next();
    for (let i = 0; i < area; i++) v[i] = evenV + 0.01 * next();
  }

  function step(feed, kill) {
    const loss = feed + kill;
    function cell(i, up, down, left, right) {
      const ownU = u[i];
      const ownV = v[i];
      const reaction = ownU * ownV * ownV;
      const spreadU = SPREAD_U * (u[up] + u[down] + (u[left] + u[right]) - 4 * ownU);
      const spreadV = SPREAD_V * (v[up] + v[down] + (v[left] + v[right]) - 4 * ownV);
      nextU[i] = ownU + (spreadU - reaction + feed * (1 - ownU));
      nextV[i] = ownV + (spreadV + reaction - loss * ownV);
    }
    for (let first = 0; first < area; first += SIDE) {
      const last = first + SIDE - 1;
      const up = first ? -SIDE : area - SIDE; // around the torus
      const down = last + 1 < area ? SIDE : SIDE - area;
      cell(first, first + up, first + down, last, first + 1);
      for (let i = first + 1; i < last; i++) cell(i, i + up, i + down, i - 1, i + 1);
      cell(last, last + up, last + down, last - 1, first);
    }
    [u, nextU] = [nextU, u];
    [v, nextV] = [nextV, v];
  }

  return {
    begin,
    step,
    drop: (row, column) => fill(row - 3, column - 4, SIZES.drop, 0.5, 0.25),
    wipe: (row, column) => fill(row - 6, column - 6, SIZES.wipe, 1, 0),
    u: () => u,
    v: () => v,
    covered: () => v.reduce((count, value) => count + (value > 0.1), 0),
  };
}
