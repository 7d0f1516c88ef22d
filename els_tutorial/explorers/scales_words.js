// The explorer "scales" in words.

import { LEVELS, timeAt } from "./scales_state.js";

export const number = (value) => (value === null ? "–" : value.toFixed(2).replace("-", "−"));

const inWords = ({ r, squared, explained }) =>
  `r = ${number(r)}, r² = ${number(squared)}, explained variance ${number(explained)}`;

export function describe(state, { sides, reach, own, fitted }) {
  const side = sides[state.level - 1];
  const here = reach[state.level - 1];
  return (
    `Noise seed ${state.seed}. Windows from ${Math.min(...sides)} to ${Math.max(...sides)} pixels: ` +
    `the machine agrees with the network to ${inWords(own)}. With the fitted windows: ${inWords(fitted)}. ` +
    `At t = ${timeAt(state.level).toFixed(2)} the window is ${side} × ${side}; a square of ` +
    `${here} × ${here} holds 90 % of the network’s slopes.`
  );
}

export function ofCurve(sides) {
  return `Side of the window at ${LEVELS} noise levels, from little noise to much: ${sides.join(", ")}.`;
}
