// Who computes what, and when: the engine in workers, the newest request first, nothing queued up.

import { engineText } from "./engine.js";
import { createGpuWay } from "./gpu_way.js";
import { startWorker } from "./worker.js";

const PATIENCE = 250; // ms that a new request waits for the one under way before it is dropped

function serve(engine) {
  // Answers messages, in a worker or in the page itself. Pictures are sent once, then remembered.
  let stored = null;
  return (message) => {
    if (message.images) {
      stored = message.images;
      return null;
    }
    const job = { ...message.job, images: { ...stored, count: message.job.count } };
    return message.task === "explain" ? engine.explain(job) : engine.partialOf(job);
  };
}

function startInPage(engine) {
  // Where workers are refused. One small piece at a time, so that the page stays responsive.
  const handle = serve(engine);
  return {
    send: handle,
    ask: (message, done) => setTimeout(() => done(handle(message)), 0),
    stop() {},
  };
}

// `gpu: "always"` is for tests: see gpu_way.js.
export function createPool(engine, { gpu = "if faster" } = {}) {
  const wanted = Math.max(1, Math.min(4, navigator.hardwareConcurrency || 1));
  let hands = [];
  let inPage = false;
  let images = null;
  let urgent = null; // the next "explain" task
  let run = null; // the denoising under way
  let waiting = null; // the one that follows it
  let lastDuration = 0;
  let begun = 0;

  try {
    const handle = `(${serve})(createEngine())`;
    while (hands.length < wanted) hands.push(startWorker(engineText, handle));
  } catch {
    fallBack();
  }
  const always = gpu === "always";
  const gpuWay = createGpuWay({ always, others: hands.length, jobs: () => begun });

  function fallBack() {
    hands.forEach((hand) => hand.stop());
    const lost = hands.map((hand) => hand.task).filter(Boolean);
    hands = [startInPage(engine)];
    inPage = true;
    if (images) hands[0].send({ images });
    for (const task of lost) {
      if (task.message.task === "explain") urgent ??= task;
      else if (task.run === run) run.pieces.unshift(task);
    }
  }

  function pump() {
    if (!run && waiting) begin(waiting);
    for (const hand of hands.filter(({ task }) => !task)) {
      let task = urgent;
      if (task) urgent = null;
      else task = run && run.pieces.shift();
      if (!task) break;
      hand.task = task;
      const finish = (answer) => {
        if (hand.task !== task) return;
        hand.task = null;
        task.done(answer);
        pump();
      };
      hand.ask(task.message, finish, () => {
        if (inPage) return;
        fallBack();
        pump();
      });
    }
  }

  async function begin({ job, resolve }) {
    waiting = null;
    begun += 1;
    const current = { pieces: [], left: 0, parts: [], start: performance.now(), resolve, job };
    run = current;
    if (gpuWay.takes(job)) {
      const part = await gpuWay.compute(job);
      if (run !== current) return;
      if (part) finish(current, [part]);
      else share(current);
      pump();
    } else {
      share(current);
    }
  }

  function share(current) {
    const { job } = current;
    const size = inPage ? 1 : Math.ceil(job.count / (4 * hands.length));
    for (let from = 0; from < job.count; from += size) {
      const piece = { ...job, from, to: Math.min(job.count, from + size) };
      const done = (part) => {
        if (run !== current) return;
        current.parts.push([from, part]);
        current.left -= 1;
        if (current.left > 0) return;
        // In the order of the images, so that the same request gives the same bits.
        const parts = current.parts.sort((a, b) => a[0] - b[0]).map(([, part]) => part);
        finish(current, parts);
      };
      current.pieces.push({ message: { task: "denoise", job: piece }, done, run: current });
      current.left += 1;
    }
  }

  function finish({ job, start, resolve }, parts) {
    run = null;
    lastDuration = performance.now() - start;
    resolve(engine.merge(parts, images.height * images.width, images.channels));
    gpuWay.consider(job);
  }

  return {
    get inPage() {
      return inPage;
    },
    get usesGpu() {
      return gpuWay.kept;
    },
    setImages(set) {
      // What was asked of the old images is void.
      for (const request of [run, waiting]) request?.resolve(null);
      urgent?.done(null);
      run = waiting = urgent = null;
      images = set;
      hands.forEach((hand) => hand.send({ images }));
      gpuWay.setImages(images);
    },
    // Both resolve to null when a newer request has taken their place.
    denoise(job) {
      return new Promise((resolve) => {
        if (waiting) waiting.resolve(null);
        waiting = { job, resolve };
        if (run && lastDuration - (performance.now() - run.start) > PATIENCE) {
          run.resolve(null);
          run = null;
        }
        pump();
      });
    },
    explain(job) {
      return new Promise((resolve) => {
        if (urgent) urgent.done(null);
        urgent = { message: { task: "explain", job }, done: resolve };
        pump();
      });
    },
    stop() {
      hands.forEach((hand) => hand.stop());
      hands = [];
      gpuWay.stop();
    },
  };
}
