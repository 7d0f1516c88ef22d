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
    const area = SIDE * SIDE;
    // The levels of a place stand in turn, each as the difference, modulo 256, to the one before.
    function read(start, length, name) {
      const scale = largest[name][level - 1][pixel];
      return Float64Array.from({ length }, (_, k) => {
        let v = 0;
        for (let l = 0; l < level; l++) v += bytes[start + (pixel * length + k) * LEVELS + l];
        return ((v & 255) / FINE) ** 2 * scale;
      });
    }
    const all = LEVELS * COUNT * COUNT;
    const square = read(all * area, field * field, "network");
    const network = new Float64Array(area);
    const radius = (field - 1) / 2;
    square.forEach((value, k) => {
      const i = row - radius + Math.floor(k / field);
      const j = column - radius + (k % field);
      if (i >= 0 && i < SIDE && j >= 0 && j < SIDE) network[i * SIDE + j] = value;
    });
    const mean = Float32Array.from(bytes.subarray(all * (area + field * field)), (v) => v / 127.5 - 1);
    return {
      linear: read(0, area, "linear"),
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
