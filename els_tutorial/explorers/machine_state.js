// The explorer "machine": its settings, and which of their values go together.

import { HELD_OUT, SIDES, TRAINING } from "./image_set.js";
import { settling } from "./settling.js";

export const KINDS = {
  IS: ["ideal score", "■", "whole image, same place"],
  ES: ["equivariant score", "◆", "whole image, every place"],
  LS: ["local score", "▲", "a patch, same place"],
  ELS: ["equivariant local score", "●", "a patch, every place"],
};
const BORDERS = { circular: "circular", zeros: "zeros" };
export const NAMES = [
  "machine",
  "patch_size",
  "t",
  "boundary",
  "images",
  "count",
  "seed",
  "picture",
  "row",
  "column",
  "shift_rows",
  "shift_columns",
];
export const largestPatch = ({ images, boundary }) => {
  const side = SIDES[images];
  return boundary === "zeros" ? 2 * side - 1 : side - 1 + (side % 2);
};
export const isWhole = ({ machine }) => machine === "IS" || machine === "ES";

export function settle(wanted, previous) {
  const { state, oneOf, number, whole } = settling(wanted, previous);
  oneOf("machine", KINDS);
  oneOf("boundary", BORDERS);
  oneOf("images", SIDES);
  number("t", 0.01, 1);
  whole("seed", 0, 9999);
  whole("count", 1, TRAINING);
  whole("picture", 0, HELD_OUT - 1);
  const side = SIDES[state.images];
  for (const name of ["row", "column", "shift_rows", "shift_columns"]) whole(name, 0, side - 1);
  whole("patch_size", 1, largestPatch(state));
  // A patch has a centre: an even size goes on to the odd one in the direction of the change.
  if (state.patch_size % 2 === 0) state.patch_size += state.patch_size > previous.patch_size ? 1 : -1;
  return state;
}
