// The explorer "machine" in words.

import { isWhole } from "./machine_state.js";

const minus = (text) => text.replace("-", "−");
const decimal = (value) => minus(value.toFixed(2));
export const grouped = (n) => String(n).replace(/\B(?=(\d{3})+$)/g, ",");

export function percent(weight) {
  const value = 100 * weight;
  // Spaces that do not break.
  if (value > 99.95 && weight < 1) return ">\u00a099.9\u00a0%";
  if (value < 0.1) return "<\u00a00.1\u00a0%";
  return `${value.toFixed(value < 10 ? 1 : 0)}\u00a0%`;
}

function named({ machine }, { image, row, column }) {
  if (machine === "IS") return `training image ${image}`;
  if (machine === "ES") return `row ${row}, column ${column} of training image ${image}, rolled to here`;
  return `the patch around row ${row}, column ${column} of training image ${image}`;
}

export const copiesOf = ({ copies, weight }) =>
  `${grouped(copies)} copies: ${percent(Math.min(1, copies * weight))}`;

export function describe(state, result) {
  const { alpha, x, x0Hat, truth, why, place } = result;
  const whole = isWhole(state);
  const machine = whole
    ? state.machine
    : `${state.machine} with ${state.patch_size} × ${state.patch_size} patches, ${
        state.boundary === "zeros" ? "zero" : "circular"
      } border`;
  const [best] = why.found;
  const { family } = why;
  const many = grouped(why.candidates);
  return (
    `${machine}, t = ${state.t.toFixed(2)} (ᾱ = ${alpha.toFixed(3)}), ${state.count} ${state.images}. ` +
    `Pixel (row ${state.row}, column ${state.column}): noisy ${decimal(x[place])}, ` +
    `guess ${decimal(x0Hat[place])}, truth ${decimal(truth[place])}. ` +
    `Of ${many} ${why.candidates === 1 ? "candidate" : "candidates"} the heaviest is ` +
    `${named(state, best)} (${percent(best.weight)}` +
    (best.copies > 1 ? `; all ${copiesOf(best)}).` : ").") +
    (family ? ` Most weight in all has ${named(state, family)} (${copiesOf(family)}).` : "")
  );
}
