// The explorer "machine": its settings, and which of their values go together.

export const TRAINING = 64; // training images that an image set brings; the held-out ones follow
export const HELD_OUT = 8;
export const SIDES = { digits: 28, faces: 25 };
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
];
export const largestPatch = ({ images, boundary }) => {
  const side = SIDES[images];
  return boundary === "zeros" ? 2 * side - 1 : side - 1 + (side % 2);
};
export const isWhole = ({ machine }) => machine === "IS" || machine === "ES";

export function settle(wanted, previous) {
  const state = { ...wanted };
  const oneOf = (name, known) => {
    if (!Object.hasOwn(known, state[name])) state[name] = previous[name];
  };
  const within = (name, low, high) => {
    const value = Math.round(state[name]);
    state[name] = Number.isFinite(value) ? Math.max(low, Math.min(high, value)) : previous[name];
  };
  oneOf("machine", KINDS);
  oneOf("boundary", BORDERS);
  oneOf("images", SIDES);
  if (!(state.t >= 0.01 && state.t <= 1)) {
    state.t = Number.isFinite(state.t) ? Math.max(0.01, Math.min(1, state.t)) : previous.t;
  }
  within("seed", 0, 9999);
  within("count", 1, TRAINING);
  within("picture", 0, HELD_OUT - 1);
  const side = SIDES[state.images];
  within("row", 0, side - 1);
  within("column", 0, side - 1);
  within("patch_size", 1, largestPatch(state));
  // A patch has a centre: an even size goes on to the odd one in the direction of the change.
  if (state.patch_size % 2 === 0) state.patch_size += state.patch_size > previous.patch_size ? 1 : -1;
  return state;
}
