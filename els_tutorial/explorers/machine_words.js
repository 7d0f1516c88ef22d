// The explorer "machine" in words.

import { SIDES } from "./image_set.js";
import { isWhole } from "./machine_state.js";

const minus = (text) => text.replace("-", "−");
const decimal = (value) => minus(value.toFixed(2));
const ALIKE = 1e-3; // pictures that differ by less are called the same
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

export function placesInWords({ rows, columns }, side) {
  const count = rows.length * columns.length;
  const which = (name, line) => {
    const ordered = [...line].sort((a, b) => a - b);
    return line.length === 1 ? `${name} ${line[0]}` : `${name}s ${ordered[0]} to ${ordered.at(-1)}`;
  };
  if (count === 1) return "It is compared with 1 place of each training image: its own.";
  const here =
    count === side ** 2 ? "all" : `${which("row", rows)}, ${which("column", columns)}`;
  return `It is compared with ${count} places of each training image: ${here}.`;
}

function shiftInWords({ shift_rows: down, shift_columns: right }, gap) {
  if (gap === null) return "";
  const found = gap >= ALIKE ? `differ by up to ${gap.toFixed(2)}` : "agree to within 0.001";
  return (
    `Shifted by ${down} down and ${right} to the right, around the border. ` +
    `Shift-then-denoise and denoise-then-shift ${found}. `
  );
}

export function describe(state, result) {
  const { alpha, x, x0Hat, truth, why, place, gap } = result;
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
    shiftInWords(state, gap) +
    `Pixel (row ${state.row}, column ${state.column}): noisy ${decimal(x[place])}, ` +
    `guess ${decimal(x0Hat[place])}, truth ${decimal(truth[place])}. ` +
    `${placesInWords(why, SIDES[state.images])} Of ${many} ${why.candidates === 1 ? "candidate" : "candidates"} the heaviest is ` +
    `${named(state, best)} (${percent(best.weight)}` +
    (best.copies > 1 ? `; all ${copiesOf(best)}).` : ").") +
    (family ? ` Most weight in all has ${named(state, family)} (${copiesOf(family)}).` : "")
  );
}
