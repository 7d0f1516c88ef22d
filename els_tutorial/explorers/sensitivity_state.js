// The explorer "sensitivity": its settings, and the maps that a page is sent (sensitivity_maps.py).

import { settling } from "./settling.js";

export const NAMES = ["level", "row", "column", "network"];
export const LEVELS = 10;
export const SIDE = 28;
export const STEP = 4; // between the pixels under study
const FIRST = 2;
const COUNT = 7; // of them in a row
const FINE = 95; // a byte v stands for (v / 95)^2 of the largest value of its map

export const timeAt = (level) => level / LEVELS;

export function settle(wanted, previous) {
  const { state, oneOf, whole } = settling(wanted, previous);
  oneOf("network", { "digits-resnet": true });
  whole("level", 1, LEVELS);
  for (const name of ["row", "column"]) {
    whole(name, 0, SIDE - 1);
    const nearest = Math.round((state[name] - FIRST) / STEP);
    state[name] = FIRST + STEP * Math.max(0, Math.min(COUNT - 1, nearest));
  }
  return state;
}

export function createMaps(model) {
  return function at({ level, row, column }) {
    // What is known of this pixel at this level, or null while it is still on its way.
    const sent = model.get("guesses");
    if (!sent || sent.name !== model.get("network")) return null;
    const bytes = new Uint8Array(sent.bytes.buffer, sent.bytes.byteOffset, sent.bytes.byteLength);
    const { field, windows, counts, largest } = sent;
    const pixel = ((row - FIRST) / STEP) * COUNT + (column - FIRST) / STEP;
    const number = (level - 1) * COUNT * COUNT + pixel;
    const area = SIDE * SIDE;
    const read = (start, length, name) =>
      Float64Array.from(
        bytes.subarray(start, start + length),
        (v) => (v / FINE) ** 2 * largest[name][level - 1][pixel],
      );
    const all = LEVELS * COUNT * COUNT;
    const square = read(all * area + number * field * field, field * field, "network");
    const network = new Float64Array(area);
    const radius = (field - 1) / 2;
    square.forEach((value, k) => {
      const i = row - radius + Math.floor(k / field);
      const j = column - radius + (k % field);
      if (i >= 0 && i < SIDE && j >= 0 && j < SIDE) network[i * SIDE + j] = value;
    });
    const mean = Float32Array.from(bytes.subarray(all * (area + field * field)), (v) => v / 127.5 - 1);
    return {
      linear: read(number * area, area, "linear"),
      network,
      mean,
      field,
      window: windows[level - 1],
      count: counts[level - 1][pixel],
    };
  };
}

export function reach(heat, row, column, share = 0.9) {
  // Side of the smallest square around the pixel that holds this share of all heat but its own.
  const within = new Float64Array(SIDE);
  heat.forEach((value, k) => {
    const away = Math.max(Math.abs(Math.floor(k / SIDE) - row), Math.abs((k % SIDE) - column));
    if (away > 0) within[away] += value;
  });
  const total = within.reduce((a, b) => a + b);
  let sum = 0;
  return 2 * within.findIndex((part, away) => (sum += part) >= share * total && away > 0) + 1;
}
