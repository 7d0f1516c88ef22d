// Traces the pixels of a picture back to training images, in a worker; the newest request first.

import { createKinds } from "./mosaic_kinds.js";
import { createSources } from "./mosaic_sources.js";

function createTracer() {
  const { beginKinds, addKinds, finishKinds } = createKinds();
  const sources = createSources();
  let images = null;
  let held = { key: "" };
  return {
    setImages(set) {
      images = set;
      held = { key: "" };
    },
    // A piece of the work at a time; the answer comes last.
    *trace({ kind, count, patchSize, boundary, x, alpha }) {
      const job = { kind, count, patchSize, boundary, x, alpha, images };
      const key = [kind, count, patchSize, boundary].join();
      if (held.key !== key) {
        const made = beginKinds(job);
        for (let n = 0; n < count; n++) {
          addKinds(job, made, n);
          yield null;
        }
        held = { key: images === job.images ? key : "", kinds: finishKinds(made) };
      }
      const { kinds } = held;
      const found = sources.begin(job);
      for (let n = 0; n < count; n++) {
        sources.add(job, kinds, found, n);
        yield null;
      }
      yield sources.finish(job, kinds, found);
    },
  };
}

function traceInWorker() {
  const text = `${[createKinds, createSources, createTracer].join("\n")}
    const tracer = createTracer();
    onmessage = ({ data: { images, job } }) => {
      if (images) return tracer.setImages(images);
      for (const answer of tracer.trace(job)) if (answer) postMessage(answer);
    };`;
  const address = URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
  const worker = new Worker(address);
  return {
    setImages: (images) => worker.postMessage({ images }),
    ask(job, done, failed) {
      worker.onmessage = ({ data }) => done(data);
      worker.onerror = (event) => {
        event.preventDefault();
        failed();
      };
      worker.postMessage({ job });
    },
    stop() {
      worker.terminate();
      URL.revokeObjectURL(address);
    },
  };
}

function traceInPage() {
  // Where workers are refused. A piece at a time, so that the page stays responsive.
  const tracer = createTracer();
  return {
    setImages: tracer.setImages,
    ask(job, done) {
      const work = tracer.trace(job);
      const go = () => {
        const { value } = work.next();
        if (value) done(value);
        else setTimeout(go, 0);
      };
      setTimeout(go, 0);
    },
    stop() {},
  };
}

export function createTrace() {
  let hand;
  let images = null;
  let under = null; // the request under way
  let waiting = null; // the one that follows it

  try {
    hand = traceInWorker();
  } catch {
    hand = traceInPage();
  }

  function pump() {
    if (under || !waiting) return;
    const mine = waiting;
    under = mine;
    waiting = null;
    const done = (answer) => {
      if (under !== mine) return;
      under = null;
      mine.resolve(mine.stale ? null : answer);
      pump();
    };
    hand.ask(mine.job, done, () => {
      hand.stop();
      hand = traceInPage();
      hand.setImages(images);
      under = null;
      if (waiting) mine.resolve(null);
      else waiting = mine;
      pump();
    });
  }

  return {
    setImages(set) {
      // What was asked of the old images is void.
      waiting?.resolve(null);
      waiting = null;
      if (under) under.stale = true;
      images = set;
      hand.setImages(set);
    },
    // Resolves to null when a newer request has taken its place.
    trace(job) {
      return new Promise((resolve) => {
        waiting?.resolve(null);
        waiting = { job, resolve };
        pump();
      });
    },
    stop: () => hand.stop(),
  };
}
