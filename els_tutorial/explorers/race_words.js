// The explorer "race" in words.

import { LANES, MEASURES, LAST } from "./race_state.js";

const LARGE = 0.5; // differences of pixels that the words count

export const number = (value) => (value === null ? "–" : value.toFixed(2).replace("-", "−"));

const SPACE = "\u00a0"; // does not break

const inWords = (found) =>
  Object.entries(MEASURES)
    .map(([name, [word, key]]) => word + (name === "explained" ? SPACE : `${SPACE}=${SPACE}`) + number(found[key]))
    .join(", ");

export function describe(state, { t, found, difference }) {
  const brighter = difference.filter((d) => d > LARGE).length;
  const darker = difference.filter((d) => d < -LARGE).length;
  return (
    `Noise seed ${state.seed}, step ${state.step} of ${LAST} (t = ${t.toFixed(2)}). ` +
    `The ELS machine’s guess agrees with the network’s to ${inWords(found.ELS)}. ` +
    `It is brighter by more than ${LARGE} at ${brighter} of ${difference.length} pixels, and ` +
    `darker at ${darker}. The ideal score: ${inWords(found.IS)}.`
  );
}

export function ofPlot({ measure }, curves) {
  const [word, key] = MEASURES[measure];
  const ends = ["ELS", "IS"].map((name) => {
    const curve = curves[name];
    return `${LANES[name][2]} from ${number(curve[0][key])} to ${number(curve.at(-1)[key])}`;
  });
  return `Agreement with the network at each step, ${word}, from noise on: ${ends.join("; ")}.`;
}
