// Whether a graphics processor computes the ELS machine: only where it was found to be faster.
//
// After a pool's first result, in idle time, a worker of its own asks the browser for a processor
// and computes a few images both ways. From then on the faster one is kept. Whatever goes wrong, at
// that time or later, the pool goes on with its other workers, and this one is ended for good.

import { engineText } from "./engine.js";
import { createPatchGpu } from "./patch_gpu.js";
import { createGpuShader } from "./patch_gpu_shader.js";
import { createSoftmax } from "./softmax.js";
import { startWorker } from "./worker.js";

const TRIAL = { images: 16, delay: 1000, apart: 1e-3 }; // at most; ms; at most
const LONGEST = 5000; // ms that an answer may take

function serveGpu(engine, { startGpu }, most) {
  let stored = null;
  let gpu = null;

  async function timed(job, rounds, compute) {
    let best = Infinity;
    let partial = null;
    for (let round = 0; round < rounds; round++) {
      const start = performance.now();
      partial = await compute(job);
      best = Math.min(best, performance.now() - start);
    }
    const { height, width, channels } = job.images;
    return [best, engine.merge([partial], height * width, channels)];
  }

  async function tried(job, software) {
    gpu ??= await startGpu(software);
    if (!gpu) throw new Error("no graphics processor");
    const rounds = software ? 1 : 3;
    const piece = { ...job, from: 0, to: Math.min(most, job.images.count) };
    const [one, ours] = await timed(piece, rounds, engine.partialOf);
    const [other, theirs] = await timed(piece, rounds, gpu.elsPartial);
    const apart = ours.map((value, k) => Math.abs(value - theirs[k]));
    return { one, other, apart: Math.max(...apart) };
  }

  return (message) => {
    if (message.images) {
      stored = message.images;
      return null;
    }
    const job = { ...message.job, images: { ...stored, count: message.job.count } };
    return message.task === "try" ? tried(job, message.software) : gpu.elsPartial(job);
  };
}

// `always` keeps any processor that computes the same, be it slow and only played by another (for
// tests). `others` is how many workers it must outrun; `jobs()` counts the jobs begun so far.
export function createGpuWay({ always, others, jobs }) {
  const { fits } = createPatchGpu(createSoftmax(), createGpuShader);
  let hand = null;
  let images = null;
  let state = navigator.gpu && typeof Worker === "function" ? "untried" : "refused";

  const open = new Set(); // those that wait for an answer

  function refuse() {
    hand?.stop();
    hand = null;
    state = "refused";
    open.forEach((resolve) => resolve(null));
  }

  async function ask(message) {
    // Resolves to null, and all is over, where no answer comes.
    let settle;
    let timer;
    const answer = new Promise((resolve) => {
      settle = resolve;
      open.add(settle);
      timer = setTimeout(refuse, always ? 20 * LONGEST : LONGEST);
      hand.ask(message, settle, refuse);
    });
    await answer;
    clearTimeout(timer);
    open.delete(settle);
    return answer;
  }

  async function tryOut(job, before) {
    const text = [engineText, createGpuShader, createPatchGpu].join("\n");
    const parts = "createEngine(), createPatchGpu(createSoftmax(), createGpuShader)";
    try {
      hand ??= startWorker(text, `(${serveGpu})(${parts}, ${TRIAL.images})`);
    } catch {
      refuse();
      return;
    }
    hand.send({ images });
    const found = await ask({ task: "try", job, software: always });
    if (!found) return;
    const { one, other, apart } = found;
    const right = apart < TRIAL.apart;
    if (right && jobs() !== before && !always) state = "untried"; // disturbed: another time again
    else if (right && (always || other * others < one)) state = "kept";
    else refuse();
  }

  return {
    get kept() {
      return state === "kept";
    },
    takes: (job) => state === "kept" && fits(job),
    compute: (job) => ask({ task: "denoise", job: { ...job, from: 0, to: job.count } }),
    setImages(set) {
      images = set;
      hand?.send({ images });
    },
    // A job that is done: one that is large enough is tried out as soon as nothing else happens.
    consider(job) {
      if (state !== "untried" || !fits(job) || (job.count < TRIAL.images && !always)) return;
      state = "trying";
      const mine = images;
      const before = jobs();
      const begin = () => {
        if (state !== "trying") return;
        if (images === mine && (always || jobs() === before)) tryOut(job, before);
        else state = "untried";
      };
      const whenIdle = window.requestIdleCallback || setTimeout;
      setTimeout(() => whenIdle(begin), always ? 0 : TRIAL.delay);
    },
    stop: refuse,
  };
}
