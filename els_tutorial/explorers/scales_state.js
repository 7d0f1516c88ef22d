// The explorer "scales": its settings, and the curves of windows that they name. A curve is a list
// of 20 odd sides, from little noise to much; in words it is a hexadecimal digit for each, the
// pixels that a window reaches to either side.

import { settling } from "./settling.js";

export const LEVELS = 20;
export const SMALLEST = 3;
export const LARGEST = 27;
export const NAMES = ["windows", "level", "seed", "images", "network"];
export const PRESETS = {
  fitted: "fitted",
  published: "published",
  reversed: "reversed",
  3: "constant 3",
  9: "constant 9",
  17: "constant 17",
};
const SEEDS = 32;
// Of the ResNet on digits, for t = 0.05, 0.10, ..., 1.
const PUBLISHED = [3, 3, 5, 5, 5, 7, 7, 7, 9, 9, 11, 11, 11, 11, 13, 15, 15, 15, 15, 15];

export const timeAt = (level) => level / LEVELS;

export function sidesOf(windows, fitted) {
  if (windows === "fitted") return [...fitted];
  if (windows === "reversed") return [...fitted].reverse();
  if (windows === "published") return [...PUBLISHED];
  if (Object.hasOwn(PRESETS, windows)) return new Array(LEVELS).fill(Number(windows));
  return [...windows].map((digit) => 2 * parseInt(digit, 16) + 1);
}

export const inDigits = (sides) => sides.map((side) => ((side - 1) / 2).toString(16)).join("");

export function nearestSide(value) {
  const side = 2 * Math.round((value - 1) / 2) + 1;
  return Math.max(SMALLEST, Math.min(LARGEST, side));
}

export function settle(wanted, previous) {
  const { state, oneOf, whole } = settling(wanted, previous);
  oneOf("images", { digits: true });
  oneOf("network", { "digits64-resnet": true });
  if (!/^[1-9a-d]{20}$/.test(state.windows)) oneOf("windows", PRESETS);
  whole("level", 1, LEVELS);
  whole("seed", 0, SEEDS - 1);
  return state;
}
