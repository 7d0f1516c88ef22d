// Who computes what, and when: the engine in workers, the newest request first, nothing queued up.

import { engineText } from "./engine.js";

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

function startWorker() {
  const text = `${engineText}
    const handle = (${serve})(createEngine());
    onmessage = ({ data }) => {
      const answer = handle(data);
      if (answer) postMessage(answer);
    };`;
  const address = URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
  const worker = new Worker(address);
  return {
    send: (message) => worker.postMessage(message),
    ask(message, done, failed) {
      worker.onmessage = ({ data }) => done(data);
      worker.onerror = (event) => {
        event.preventDefault();
        failed();
      };
      worker.postMessage(message);
    },
    stop() {
      worker.terminate();
      URL.revokeObjectURL(address);
    },
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

export function createPool(engine) {
  const wanted = Math.max(1, Math.min(4, navigator.hardwareConcurrency || 1));
  let hands = [];
  let inPage = false;
  let images = null;
  let urgent = null; // the next "explain" task
  let run = null; // the denoising under way
  let waiting = null; // the one that follows it
  let lastDuration = 0;

  try {
    while (hands.length < wanted) hands.push(startWorker());
  } catch {
    fallBack();
  }

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

  function begin(request) {
    waiting = null;
    const { job, resolve } = request;
    const size = inPage ? 1 : Math.ceil(job.count / (4 * hands.length));
    const current = { pieces: [], left: 0, parts: [], start: performance.now(), resolve };
    run = current;
    for (let from = 0; from < job.count; from += size) {
      const piece = { ...job, from, to: Math.min(job.count, from + size) };
      const done = (part) => {
        if (run !== current) return;
        current.parts.push([from, part]);
        current.left -= 1;
        if (current.left > 0) return;
        run = null;
        lastDuration = performance.now() - current.start;
        // In the order of the images, so that the same request gives the same bits.
        const parts = current.parts.sort((a, b) => a[0] - b[0]).map(([, part]) => part);
        resolve(engine.merge(parts, images.height * images.width, images.channels));
      };
      current.pieces.push({ message: { task: "denoise", job: piece }, done, run: current });
      current.left += 1;
    }
  }

  return {
    get inPage() {
      return inPage;
    },
    setImages(set) {
      // What was asked of the old images is void.
      for (const request of [run, waiting]) request?.resolve(null);
      urgent?.done(null);
      run = waiting = urgent = null;
      images = set;
      hands.forEach((hand) => hand.send({ images }));
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
    },
  };
}
