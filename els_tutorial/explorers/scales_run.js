// Samples of the boundary-broken ELS machine along curves of windows. Steps are remembered: curves
// that agree at much noise begin alike, and a curve that was drawn before is there at once.

import { ddimStep } from "./ddim.js";
import { timeOfStep } from "./network_steps.js";

const MOST = 3000; // steps that are remembered

export function createRun(engine, pool) {
  const known = new Map(); // seed and windows so far -> step

  function remember(key, step) {
    known.set(key, step);
    if (known.size > MOST) known.delete(known.keys().next().value);
  }

  // Walks from noise to a picture; `sides` are from much noise to little. Tells of each step, and
  // resolves to the steps, or to null once they are no longer wanted.
  return async function grow({ seed, sides, count, size }, isWanted, onStep) {
    let x = engine.noise(seed, size);
    const made = [];
    for (let k = 0; k < sides.length; k++) {
      const key = `${seed}:${sides.slice(0, k + 1)}`;
      if (!known.has(key)) {
        const alpha = engine.alphaBar(timeOfStep(k, sides.length));
        const job = { kind: "ELS", count, x, alpha, patchSize: sides[k], boundary: "zeros" };
        const x0Hat = await pool.denoise(job);
        if (!x0Hat) return null;
        const next = ddimStep(x, x0Hat, alpha, engine.alphaBar(timeOfStep(k + 1, sides.length)));
        remember(key, { number: k + 1, x0Hat, next });
        if (!isWanted()) return null;
      }
      const step = known.get(key);
      x = step.next;
      made.push(step);
      onStep(step);
    }
    return made;
  };
}
