// The sampler: from noise to a picture, one guess of the machine after another (deterministic DDIM).

import { ddimStep } from "./ddim.js";
import { isWhole, patchAt, timeOf } from "./mosaic_state.js";

export function jobOf(state, count, t, x, alpha) {
  const whole = isWhole(state);
  return {
    kind: state.machine,
    count,
    x,
    alpha,
    patchSize: whole ? 1 : patchAt(state, t),
    boundary: whole ? "circular" : state.boundary,
  };
}

export function createRun(engine, pool, onStep) {
  let run = { key: "", steps: [] };

  async function walk(mine) {
    mine.walking = true;
    while (run === mine && mine.steps.length < mine.wanted) {
      const number = mine.steps.length + 1;
      const t = timeOf(mine.state, number);
      const alpha = engine.alphaBar(t);
      const job = jobOf(mine.state, mine.count, t, mine.x, alpha);
      const x0Hat = await pool.denoise(job);
      if (!x0Hat || run !== mine) break;
      mine.steps.push({ number, t, alpha, x: mine.x, x0Hat, job });
      mine.x = ddimStep(mine.x, x0Hat, alpha, engine.alphaBar(timeOf(mine.state, number + 1)));
      onStep(mine.steps.at(-1));
    }
    mine.walking = false;
  }

  return {
    get steps() {
      return run.steps;
    },
    // Makes steps 1 to `wanted` of the sample that these settings lead to, those that there are not.
    // Says whether it is a new sample.
    until(key, state, count, size, wanted) {
      const fresh = run.key !== key;
      if (fresh) {
        run = { key, state: { ...state }, count, steps: [], x: engine.noise(state.seed, size) };
      }
      run.wanted = wanted;
      if (!run.walking) walk(run);
      return fresh;
    },
  };
}
