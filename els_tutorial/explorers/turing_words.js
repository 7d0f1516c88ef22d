// The explorer "turing": what it says in words.

import { SIDE, evenState, kindOf } from "./turing_steps.js";

const FROM = { drops: "drops of V", even: "an even field with noise" };

function verdict({ feed, kill }) {
  const kind = kindOf(feed, kill);
  if (kind === "none") {
    return "The only even state is the one without V, and it is stable: what grows here is not Turing's instability.";
  }
  const state = `The even state with V at ${evenState(feed, kill)[1].toFixed(2)}`;
  return {
    restless: `${state} is unstable even without diffusion.`,
    turing: `${state} is stable without diffusion and unstable with it: Turing's instability.`,
    even: `${state} is stable, with diffusion and without.`,
  }[kind];
}

export function describe(state, steps, covered, altered) {
  const text =
    `Feed ${state.feed.toFixed(4)}, kill ${state.kill.toFixed(4)}, after ${steps} ` +
    `step${steps === 1 ? "" : "s"} from ${FROM[state.start]} (seed ${state.seed}): V is above 0.1 ` +
    `in ${covered} of ${SIDE * SIDE} cells. ${verdict(state)}`;
  if (!altered) return text;
  return `${text} You changed it on the way: a link keeps the settings, not this picture.`;
}
