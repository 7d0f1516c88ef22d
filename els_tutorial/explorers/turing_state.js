// The explorer "turing": its settings, which values they can have, and the places worth a visit.

import { settling } from "./settling.js";

export const NAMES = ["feed", "kill", "start", "seed", "steps", "speed"];
export const STARTS = { drops: "drops of V", even: "even with noise" };
export const MOST = 50_000; // steps
export const RANGE = { feed: [0.01, 0.1], kill: [0.03, 0.075] };
export const PRESETS = [
  // letter, name, feed, kill, start
  ["a", "dividing spots", 0.037, 0.065, "drops"],
  ["b", "labyrinth", 0.029, 0.057, "drops"],
  ["c", "worms", 0.046, 0.063, "drops"],
  ["d", "holes", 0.039, 0.058, "drops"],
  ["e", "restless", 0.026, 0.051, "drops"],
  ["f", "moving spots", 0.014, 0.054, "drops"],
  ["g", "Turing's own", 0.06, 0.0622, "even"],
];

export const rounded = (value) => Math.round(value * 1e4) / 1e4;

export function settle(wanted, previous) {
  const { state, oneOf, number, whole } = settling(wanted, previous);
  for (const name of ["feed", "kill"]) {
    state[name] = rounded(state[name]);
    number(name, ...RANGE[name]);
  }
  oneOf("start", STARTS);
  whole("seed", 0, 9999);
  whole("steps", 0, MOST);
  whole("speed", 1, 32);
  return state;
}
