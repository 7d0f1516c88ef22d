// The explorer "reach" in words.

import { MOVED, SIDE } from "./reach_network.js";
import { LAYERS, PADDINGS } from "./reach_state.js";

function distanceHolding(change, { row, column, padding }, share = 0.9) {
  // Within how many pixels of the poked one this share of all movement lies.
  const within = new Float64Array(SIDE);
  const apart = (a, b) => {
    const steps = Math.abs(a - b);
    return padding === "circular" ? Math.min(steps, SIDE - steps) : steps;
  };
  change.forEach((value, i) => {
    within[Math.max(apart(Math.floor(i / SIDE), row), apart(i % SIDE, column))] += value;
  });
  const total = within.reduce((a, b) => a + b);
  let sum = 0;
  return within.findIndex((part) => (sum += part) >= share * total);
}

function spreadOf(values) {
  const mean = values.reduce((a, b) => a + b) / values.length;
  const squares = values.reduce((a, b) => a + (b - mean) ** 2, 0);
  return Math.sqrt(squares / (values.length - 1));
}

export function describe(state, { output, change }, { height, width, inside }) {
  const { test, depth, padding, layer, row, column, shift } = state;
  const network = depth > 1 ? `${depth} convolutions 3 × 3` : "one convolution 3 × 3";
  const extra = layer === "plain" ? "" : `, ${LAYERS[layer]}`;
  const summary = `A network of ${network}${extra}, random weights, ${PADDINGS[padding]} padding.`;
  const moved = change.reduce((count, v) => count + (v > MOVED), 0);
  if (test === "poke") {
    const outside = change.reduce((count, v, i) => count + (v > MOVED && !inside(i)), 0);
    const near = distanceHolding(change, state);
    return (
      `${summary} A poke of the pixel at row ${row}, column ${column} can ` +
      `move ${height} × ${width} outputs. Of all ${SIDE * SIDE} it moves ${moved}, and ` +
      `${outside || "none"} outside the outline. 90 % of the movement lies ` +
      `within ${near} pixel${near === 1 ? "" : "s"} of it.`
    );
  }
  const largest = change.reduce((a, b) => Math.max(a, b)) / spreadOf(output);
  const differ = moved
    ? `differ in ${moved} of ${SIDE * SIDE} pixels, at most by ${largest.toFixed(2)} standard ` +
      `deviations of the output`
    : "agree in every pixel";
  const kept = height ? `Outlined are ${height * width} that must agree.` : "None of them must agree.";
  return (
    `${summary} Shifted by ${shift} down and ${shift} to the right, before ` +
    `the network or after it: the two ${differ}. ${kept}`
  );
}
