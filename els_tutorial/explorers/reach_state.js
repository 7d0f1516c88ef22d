// The explorer "reach": its settings, and what theory says of them.

import { SIDE } from "./reach_network.js";
import { settling } from "./settling.js";

export const TESTS = { poke: "poke a pixel", shift: "shift the picture" };
export const PADDINGS = { zeros: "zero", circular: "circular" }; // in words
export const LAYERS = {
  plain: "convolutions alone",
  pooling: "with 2 × 2 pooling",
  attention: "with self-attention",
};
export const NAMES = ["test", "depth", "padding", "layer", "row", "column", "shift", "seed"];

export function settle(wanted, previous) {
  const { state, oneOf, whole } = settling(wanted, previous);
  oneOf("test", TESTS);
  oneOf("padding", PADDINGS);
  oneOf("layer", LAYERS);
  whole("depth", 1, 8);
  whole("row", 0, SIDE - 1);
  whole("column", 0, SIDE - 1);
  whole("shift", 1, 8);
  whole("seed", 0, 9999);
  return state;
}

function spread(place, { depth, layer }) {
  // First and last row that can move when this one is moved, in an endless picture.
  if (layer === "attention") return [-Infinity, Infinity];
  if (layer === "plain") return [place - depth, place + depth];
  const inside = Math.max(depth - 2, 0);
  const low = 2 * (Math.floor((place - 1) / 2) - inside);
  const high = 2 * (Math.floor((place + 1) / 2) + inside) + 1;
  return depth > 1 ? [low - 1, high + 1] : [low, high];
}

function reached(place, state) {
  // The rows that a poke at this one can move, as spans [first, count].
  let [low, high] = spread(place, state);
  if (state.padding === "zeros" || high - low + 1 >= SIDE) {
    if (state.padding === "circular") [low, high] = [0, SIDE - 1];
    [low, high] = [Math.max(low, 0), Math.min(high, SIDE - 1)];
    return [[low, high - low + 1]];
  }
  const count = high - low + 1;
  const starts = [-SIDE, 0, SIDE].map((turn) => low + turn);
  return starts.filter((k) => k < SIDE && k + count > 0).map((k) => [k, count]);
}

function undisturbed(state) {
  // The rows of outputs that must move with the input: see `reach_network.py`.
  if (state.layer === "pooling" && state.shift % 2) return [];
  if (state.padding === "circular") return [[0, SIDE]];
  const between = ([start, end]) => {
    const first = spread(start - 1, state)[1] + 1;
    return [first, spread(end, state)[0] - first];
  };
  const parts = [[0, state.shift], [state.shift, SIDE]];
  return parts.map(between).filter(([, count]) => count > 0);
}

export function outlined(state) {
  // Boxes [row, column, height, width], and which places lie in one of them.
  const shifted = state.test === "shift";
  const rows = shifted ? undisturbed(state) : reached(state.row, state);
  const columns = shifted ? undisturbed(state) : reached(state.column, state);
  const within = (spans) =>
    [...Array(SIDE).keys()].map((k) => spans.some(([first, count]) => k >= first && k < first + count));
  const [down, right] = [within(rows), within(columns)];
  return {
    boxes: rows.flatMap(([y, height]) => columns.map(([x, width]) => [y, x, height, width])),
    height: down.filter(Boolean).length,
    width: right.filter(Boolean).length,
    inside: (i) => down[Math.floor(i / SIDE)] && right[i % SIDE],
  };
}
