// The explorer "mosaic": its settings, and which of their values go together.

import { TRAINING } from "./image_set.js";
import { settling } from "./settling.js";

// Name of a set -> its side in pixels, and what its images are called.
export const SETS = {
  digits: [28, "digits"],
  faces: [25, "faces"],
  photos: [32, "crops of photographs"],
  textures: [32, "crops of textures"],
  two_tone: [31, "two-tone images"],
  own: [28, "own images"],
};
export const KINDS = {
  ELS: "a patch, every place",
  LS: "a patch, same place",
  ES: "whole image, every place",
  IS: "whole image, same place",
};
export const NAMES = [
  ...["machine", "windows", "patch_size", "boundary", "images", "count", "seed"],
  ...["steps", "step", "view", "row", "column"],
];
// The windows of the published ResNet on digits, for t = 0.05, 0.10, ..., 1.
export const SHRINKING = [3, 3, 5, 5, 5, 7, 7, 7, 9, 9, 11, 11, 11, 11, 13, 15, 15, 15, 15, 15];

const BORDERS = { circular: "circular", zeros: "zero" };
const among = (...names) => Object.fromEntries(names.map((name) => [name, true]));

export const isWhole = ({ machine }) => machine === "IS" || machine === "ES";
export const borderOf = ({ boundary }) => BORDERS[boundary];
export const sideOf = ({ images }) => SETS[images][0];
export const usesAll = ({ images }) => images === "own" || images === "two_tone";
export const largestPatch = (state) => {
  const side = sideOf(state);
  return state.boundary === "zeros" ? 2 * side - 1 : side - 1 + (side % 2);
};
export const timeOf = ({ steps }, step) => (steps - step + 1) / steps;

export function patchAt(state, t) {
  // The size holds from its own time on towards more noise.
  if (state.windows === "fixed") return state.patch_size;
  return SHRINKING[Math.max(0, Math.floor(20 * t + 1e-9) - 1)];
}

export function settle(wanted, previous) {
  const { state, oneOf, whole } = settling(wanted, previous);
  oneOf("machine", KINDS);
  oneOf("windows", among("fixed", "shrinking"));
  oneOf("boundary", BORDERS);
  oneOf("images", SETS);
  oneOf("view", among("both", "sources", "letters", "sample"));
  whole("count", 1, TRAINING);
  whole("seed", 0, 9999);
  whole("steps", 1, 50);
  whole("step", 1, state.steps);
  whole("row", 0, sideOf(state) - 1);
  whole("column", 0, sideOf(state) - 1);
  whole("patch_size", 1, largestPatch(state));
  // A patch has a centre: an even size goes on to the odd one in the direction of the change.
  if (state.patch_size % 2 === 0) state.patch_size += state.patch_size > previous.patch_size ? 1 : -1;
  return state;
}
