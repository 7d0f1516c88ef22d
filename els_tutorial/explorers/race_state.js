// The explorer "race": its settings, its lanes and its measures.

import { settling } from "./settling.js";

export const SEEDS = 32;
export const LAST = 20; // step
export const NAMES = ["seed", "step", "measure", "images", "network"];
// What the measures are called, and their key in an agreement.
export const MEASURES = {
  r: ["r", "r"],
  r2: ["r²", "squared"],
  explained: ["explained variance", "explained"],
};
export const LANES = {
  network: ["★", "network", "the network"],
  ELS: ["●", "ELS", "the ELS machine"],
  IS: ["■", "ideal score", "the ideal score"],
};

export function settle(wanted, previous) {
  const { state, oneOf, whole } = settling(wanted, previous);
  oneOf("images", { digits: true });
  oneOf("network", { "digits64-resnet": true });
  oneOf("measure", MEASURES);
  whole("seed", 0, SEEDS - 1);
  whole("step", 1, LAST);
  return state;
}
