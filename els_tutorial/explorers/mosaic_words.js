// The explorer "mosaic" in words.

import { SETS, borderOf, isWhole, usesAll } from "./mosaic_state.js";

const minus = (text) => text.replace("-", "−");

export function percent(weight) {
  return weight < 0.005 ? "under 1 % of the weight" : `${Math.floor(100 * weight + 0.5)} % of the weight`;
}

export function tally({ image, shared }, count) {
  // How many pixels come from how many images; `counts` holds them.
  const counts = new Array(count).fill(0);
  let common = 0;
  for (let p = 0; p < image.length; p++) {
    if (shared[p]) common += 1;
    else counts[image[p]] += 1;
  }
  const found = counts.filter((n) => n > 0).length;
  const most = counts.indexOf(Math.max(...counts));
  return { counts, common, found, most, pixels: image.length };
}

function whence({ counts, common, found, most, pixels }) {
  if (common === pixels) return "Every pixel comes from what several training images have alike.";
  const whose = common
    ? `Of ${pixels} pixels ${common} come from what several training images have alike, ${pixels - common} from`
    : `All ${pixels} pixels come from`;
  if (found === 1) return `${whose} training image ${most} alone.`;
  return `${whose} ${found} training images, most (${counts[most]}) from image ${most}.`;
}

export function placeOf({ machine }, { image, row, column }) {
  if (machine === "IS") return `training image ${image}`;
  if (machine === "ES") return `row ${row}, column ${column} of training image ${image}, rolled to here`;
  return `the patch around row ${row}, column ${column} of training image ${image}`;
}

function learned(state, count) {
  const called = SETS[state.images][1];
  if (!usesAll(state)) return `${count} of the ${called}`;
  return `${count} ${count > 1 ? called : called.replace(/s$/, "")}`;
}

export function describe(state, { step, sums, best, count, guess }) {
  const { patchSize } = step.job;
  const shrinks = state.windows === "shrinking" ? ", shrinking" : "";
  const machine = isWhole(state)
    ? state.machine
    : `${state.machine} with ${patchSize} × ${patchSize} patches${shrinks}, ${borderOf(state)} border`;
  const value = guess.length === 1 ? ` is ${minus(guess[0].toFixed(2))}; its` : "’s";
  const others = best.copies > 1 ? `, ${best.copies} times alike` : "";
  return (
    `${machine}; ${learned(state, count)}; noise seed ${state.seed}. ` +
    `Step ${step.number} of ${state.steps}: t = ${step.t.toFixed(2)}, ᾱ = ${step.alpha.toFixed(3)}. ` +
    `${whence(sums)} Pixel (row ${state.row}, column ${state.column})${value} heaviest source is ` +
    `${placeOf(state, best)}${others} (${percent(best.weight)}).`
  );
}
