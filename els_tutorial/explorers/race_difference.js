// A difference of two pictures as a picture: dark blue where the first is darker, grey where they
// are alike, light yellow where it is brighter. The sign is in the lightness, not in the hue alone.

import { element } from "./picture.js";

const COLOURS = { darker: [16, 38, 120], alike: [122, 128, 136], brighter: [255, 214, 74] };
const FULL = 2; // the difference that gets the last colour

export function differenceOf(prediction, target) {
  return Float32Array.from(prediction, (value, k) => value - target[k]);
}

export function coloured(difference) {
  // [3 * H * W] in [-1, 1], for a picture of three channels.
  const size = difference.length;
  const values = new Float32Array(3 * size);
  for (let k = 0; k < size; k++) {
    const share = Math.min(1, Math.abs(difference[k]) / FULL);
    const end = difference[k] < 0 ? COLOURS.darker : COLOURS.brighter;
    for (let c = 0; c < 3; c++) {
      values[c * size + k] = (COLOURS.alike[c] + (end[c] - COLOURS.alike[c]) * share) / 127.5 - 1;
    }
  }
  return values;
}

export function createScale() {
  // What the colours mean.
  const stops = ["darker", "alike", "brighter"].map((name) => `rgb(${COLOURS[name]})`);
  const bar = element("div", { class: "els-race-bar", style: `background: linear-gradient(to right, ${stops})` });
  const ends = element("div", { class: "els-head" });
  for (const text of [`−${FULL}`, "0", `+${FULL}`]) ends.append(element("span", {}, text));
  const words = element("div", { class: "els-head" }, element("span", {}, "darker"), element("span", {}, "brighter"));
  return element("div", { class: "els-race-scale" }, bar, ends, words);
}
