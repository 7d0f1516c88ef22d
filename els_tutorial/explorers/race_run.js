// The two machines on their ways from noise to a picture: the ELS machine in the pool of workers,
// the ideal score, which costs next to nothing, in the page.

import { ddimStep } from "./ddim.js";
import { timeOfStep } from "./network_steps.js";

export function createRace(engine, pool, onStep) {
  const known = new Map(); // seed -> {ELS, IS}, lists of steps {t, alpha, x, x0Hat}
  let current = null;

  function ideal(images, seed, steps) {
    let x = engine.noise(seed, images.channels * images.height * images.width);
    const count = images.pixels.length / x.length;
    return [...Array(steps).keys()].map((k) => {
      const t = timeOfStep(k, steps);
      const alpha = engine.alphaBar(t);
      const part = engine.partialOf({ kind: "IS", images, x, alpha, from: 0, to: count });
      const x0Hat = engine.merge([part], images.height * images.width, images.channels);
      const step = { t, alpha, x, x0Hat };
      x = ddimStep(x, x0Hat, alpha, engine.alphaBar(timeOfStep(k + 1, steps)));
      return step;
    });
  }

  async function walk(mine) {
    const { ways, windows, count } = mine;
    const steps = windows.length;
    while (current === mine && ways.ELS.length < steps) {
      const k = ways.ELS.length;
      const t = timeOfStep(k, steps);
      const alpha = engine.alphaBar(t);
      const before = ways.ELS.at(-1);
      const x = before ? ddimStep(before.x, before.x0Hat, before.alpha, alpha) : mine.start;
      const job = { kind: "ELS", count, x, alpha, patchSize: windows[k], boundary: "zeros" };
      const x0Hat = await pool.denoise(job);
      if (!x0Hat || current !== mine) return;
      ways.ELS.push({ t, alpha, x, x0Hat });
      onStep();
    }
  }

  return {
    // The ways of a seed, as far as they are known; those of ELS grow, and onStep tells.
    along(seed, images, windows) {
      if (current?.seed === seed) return current.ways;
      if (!known.has(seed)) {
        known.set(seed, { ELS: [], IS: ideal(images, seed, windows.length) });
      }
      const size = images.channels * images.height * images.width;
      const count = images.pixels.length / size;
      const start = engine.noise(seed, size);
      current = { seed, ways: known.get(seed), windows, count, start };
      walk(current);
      return current.ways;
    },
  };
}
