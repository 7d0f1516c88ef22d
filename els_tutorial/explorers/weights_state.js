// The explorer "weights": its settings, and which of their values go together.

import { HELD_OUT, SIDES, TRAINING } from "./image_set.js";
import { settling } from "./settling.js";

export const SOURCES = { "held-out": "new", training: "in the set" };
export const ORDERS = { image: "image", weight: "weight" };
export const SCALES = { linear: "linear", log: "log" };
export const NAMES = ["t", "count", "images", "source", "picture", "seed", "order", "scale"];
export const TIMES = [...Array(100).keys()].map((k) => (k + 1) / 100);

export function settle(wanted, previous) {
  const { state, oneOf, number, whole } = settling(wanted, previous);
  oneOf("images", SIDES);
  oneOf("source", SOURCES);
  oneOf("order", ORDERS);
  oneOf("scale", SCALES);
  number("t", 0.01, 1);
  whole("seed", 0, 9999);
  whole("count", 1, TRAINING);
  // A training image under the noise must be among those that are there.
  const last = state.source === "training" ? Math.min(HELD_OUT, state.count) : HELD_OUT;
  whole("picture", 0, last - 1);
  return state;
}
