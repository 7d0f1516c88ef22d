// The explorer "mosaic": a sample that grows step by step out of training images, which may be the
// reader's own, and a map of where its pixels come from.

import { createEngine } from "./engine.js";
import { createPool } from "./pool.js";
import { createFrame } from "./frame.js";
import { createImageSet, TRAINING } from "./image_set.js";
import { createEditor } from "./mosaic_draw.js";
import { createFrom } from "./mosaic_from.js";
import { createGrow } from "./mosaic_grow.js";
import { createMap } from "./mosaic_map.js";
import { createOwn } from "./mosaic_own.js";
import { createRun } from "./mosaic_run.js";
import { createTrace } from "./mosaic_trace.js";
import { createPanels, createStage } from "./mosaic_panels.js";
import { NAMES, settle, usesAll } from "./mosaic_state.js";
import { describe, tally } from "./mosaic_words.js";
import { element } from "./picture.js";

const PROMPT =
  "Press Grow. Step by step the noise becomes a mosaic of patches; the colours say from which training " +
  "images they come. Click a pixel to see its patch. Then choose Images: own, draw, and grow again.";

function render({ model, el }) {
  const engine = createEngine();
  const pool = createPool(engine);
  const tracer = createTrace();
  const frame = createFrame({
    el,
    model,
    names: NAMES,
    label: "Interactive figure: a sample that grows out of training images",
    prompt: model.get("prompt") || PROMPT,
    settle,
  });
  const { root } = frame;
  const still = matchMedia("(prefers-reduced-motion: reduce)");
  const map = createMap(root);
  const from = createFrom();
  const grow = createGrow(frame, halt);
  const run = createRun(engine, pool, onStep);
  const own = createOwn(model, onDrawn);
  const editor = createEditor(frame, own);
  const panels = createPanels(frame);
  const { stage, player, pixel, guess, coloured, draw } = createStage(frame, map, grow);
  root.classList.add("els-mosaic");
  const drawing = element("div", { class: "els-drawing" }, editor.node);
  const show = element("div", { class: "els-show" });
  show.append(stage, player, pixel, map.legend, drawing, from.node);
  frame.body.append(panels.main, show, panels.more);
  el.append(root);

  const atHand = createImageSet(model);
  let data = null; // the image set in use
  let sets = 0; // how many there were so far
  let turn = 0;
  let painted = false;
  let busyTimer = 0;
  let drawnTimer = 0;

  function take(state) {
    // Whether the images that these settings ask for are here.
    const set = atHand();
    if (!set) return false;
    if (state.images === "own") {
      own.startFrom(set);
      editor.show();
    }
    const wanted = state.images === "own" ? own.set() : set;
    if (data === wanted) return true;
    data = wanted;
    sets += 1;
    const { channels, height, width } = data;
    const pixels = data.pixels.subarray(0, TRAINING * data.size);
    pool.setImages({ pixels, channels, height, width });
    tracer.setImages({ pixels, channels, height, width });
    return true;
  }

  function update(state) {
    turn += 1;
    el.elsResult = null;
    root.dataset.machine = state.machine;
    drawing.hidden = state.images !== "own";
    root.classList.toggle("els-owning", !drawing.hidden);
    coloured.hidden = map.legend.hidden = state.view === "sample";
    stage.classList.toggle("els-two", coloured.hidden);
    grow.changed(state);
    if (!take(state)) return; // `pixels` follows
    const count = usesAll(state) ? data.pixels.length / data.size : state.count;
    const { machine, windows, patch_size, boundary, seed, steps } = state;
    const key = [sets, machine, windows, patch_size, boundary, count, seed, steps].join();
    if (run.until(key, state, count, data.size, state.step)) map.forget();
    const step = run.steps[state.step - 1];
    if (step) return finish(state, step);
    grow.waiting();
    clearTimeout(busyTimer);
    busyTimer = setTimeout(() => guess.node.classList.add("els-busy"), 300);
  }

  function onStep(step) {
    const state = frame.read();
    if (step.number > state.step) return;
    if (step.number === state.step) return finish(state, step);
    // On the way: with reduced motion only where the reader asked for it.
    if (!painted || !still.matches) paint(state, step);
  }

  async function paint(state, step) {
    const mine = turn;
    draw(state, step, data);
    painted = true;
    el.dispatchEvent(new CustomEvent("els:painted", { bubbles: true }));
    step.sources ??= await tracer.trace(step.job);
    if (!step.sources || mine !== turn || run.steps.length > step.number + 1) return;
    colour(state, step);
  }

  function colour(state, step) {
    const sums = tally(step.sources, step.job.count);
    map.draw(state.view, { sources: step.sources, sums, x0Hat: step.x0Hat }, data);
    map.picture.label(
      `The same picture coloured by source: ${sums.found} training images, and ` +
        `${sums.common} of ${sums.pixels} pixels from what several have alike`,
    );
    return sums;
  }

  async function finish(state, step) {
    const mine = turn;
    draw(state, step, data);
    const { row, column } = state;
    const asked = pool.explain({ ...step.job, row, column, top: 1 });
    step.sources ??= await tracer.trace(step.job);
    const why = await asked;
    if (mine !== turn || !step.sources || !why) return;
    clearTimeout(busyTimer);
    guess.node.classList.remove("els-busy");
    const sums = colour(state, step);
    // Copies count together, as they do in the map.
    const found = why.family || why.found[0];
    const best = { ...found, weight: Math.min(1, found.weight * found.copies) };
    from.show(state, step, why, best, data);
    const { channels, width, height } = data;
    const at = row * width + column;
    const values = [...Array(channels).keys()].map((c) => step.x0Hat[c * height * width + at]);
    const text = describe(state, { step, sums, best, count: step.job.count, guess: values });
    grow.done(state);
    if (!grow.growing) frame.say(text);
    const { x, x0Hat, sources } = step;
    const { image, copies, weight } = best;
    const origin = { image, row: best.row, column: best.column, copies, weight };
    const guesses = run.steps.slice(0, step.number).map((one) => one.x0Hat);
    const settings = { ...state };
    el.elsResult = { x, x0_hat: x0Hat, guesses, sources, origin, readout: text, settings, own: own.bytes() };
    painted = true;
    model.set("readout", text);
    model.set("x0_hat", new DataView(x0Hat.slice().buffer));
    model.save_changes();
    el.dispatchEvent(new CustomEvent("els:painted", { bubbles: true }));
  }

  function halt() {
    const { step } = frame.read();
    frame.set({ step: Math.min(step, Math.max(1, run.steps.length)) });
    if (el.elsResult) frame.say(el.elsResult.readout);
  }

  function onDrawn() {
    if (model.get("images") !== "own") return;
    el.elsResult = null;
    editor.show();
    // Not at every place that a stroke passes.
    clearTimeout(drawnTimer);
    drawnTimer = setTimeout(() => update(frame.read()), 200);
  }

  own.receive();
  frame.listen("change:own", own.receive);
  frame.onChange(update);
  frame.listen("change:pixels", () => update(frame.read()));
  frame.start();
  return () => {
    clearTimeout(busyTimer);
    clearTimeout(drawnTimer);
    grow.stop();
    frame.stop();
    pool.stop();
    tracer.stop();
  };
}

export default { render };
