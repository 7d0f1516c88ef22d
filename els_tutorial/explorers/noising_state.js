// The explorer "noising": its settings, and its noise schedules.

import { createNoise } from "./noise.js";
import { HELD_OUT, SIDES } from "./image_set.js";
import { settling } from "./settling.js";

export const SCHEDULES = {
  cosine: createNoise().alphaBar,
  linear: (t) => Math.exp(-0.1 * t - 9.95 * t * t),
};
export const NAMES = ["t", "schedule", "images", "picture", "seed"];

export function settle(wanted, previous) {
  const { state, oneOf, number, whole } = settling(wanted, previous);
  oneOf("schedule", SCHEDULES);
  oneOf("images", SIDES);
  number("t", 0.01, 1);
  whole("picture", 0, HELD_OUT - 1);
  whole("seed", 0, 9999);
  return state;
}
