// What a network guesses on its way from noise to a picture (see network_steps.py).

import { ddimStep } from "./ddim.js";

const REACH = 1.5; // a byte v stands for v / 40 - 1.5
const FINE = 40;

// The time of step k of `steps`, counted from 0, the noisiest.
export const timeOfStep = (k, steps) => (steps - k) / steps;

export function createNetworkSteps(model, { noise, alphaBar }) {
  let data = null;
  let walked = { seed: -1, steps: [] };

  function take() {
    // What the setting `network` names, or null while it is still on its way.
    const sent = model.get("guesses");
    const name = model.get("network");
    if (!sent || sent.name !== name) return null;
    if (data?.name === name) return data;
    const [steps, seeds, channels, height, width] = sent.shape;
    // A byte is the difference, modulo 256, to that of the step before.
    const bytes = Uint8Array.from(
      new Uint8Array(sent.bytes.buffer, sent.bytes.byteOffset, sent.bytes.byteLength),
    );
    const size = channels * height * width;
    for (let i = seeds * size; i < bytes.length; i++) bytes[i] += bytes[i - seeds * size];
    data = { name, seeds, steps, channels, height, width, size, bytes, windows: sent.windows };
    walked = { seed: -1, steps: [] };
    return data;
  }

  return function atHand() {
    // {seeds, steps, windows: the machine's window at each step, along} or null; along(seed) are
    // the steps of a way, {t, alpha, x, x0Hat}.
    const found = take();
    if (!found) return null;
    const { seeds, steps, size, bytes } = found;
    function along(seed) {
      if (walked.seed === seed) return walked.steps;
      let x = noise(seed, size);
      const made = [];
      for (let k = 0; k < steps; k++) {
        const from = (k * seeds + seed) * size;
        const x0Hat = Float32Array.from(bytes.subarray(from, from + size), (v) => v / FINE - REACH);
        const t = timeOfStep(k, steps);
        const alpha = alphaBar(t);
        made.push({ t, alpha, x, x0Hat });
        x = ddimStep(x, x0Hat, alpha, alphaBar(timeOfStep(k + 1, steps)));
      }
      walked = { seed, steps: made };
      return made;
    }
    return { ...found, along };
  };
}
