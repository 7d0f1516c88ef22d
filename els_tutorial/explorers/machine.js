// The explorer "machine": one noisy picture, one of the four machines, and for the pixel under
// study the training patches that its guess is made of.

import { createEngine } from "./engine.js";
import { createPool } from "./pool.js";
import { createFrame } from "./frame.js";
import { createCandidates, SHOWN } from "./machine_candidates.js";
import { createImageSet, createThumbs, SIDES, TRAINING } from "./image_set.js";
import { createMap } from "./machine_map.js";
import { createCommuting, createShift, rolled } from "./machine_shift.js";
import { makePicker } from "./picker.js";
import { createPicture, element, windowBoxes } from "./picture.js";
import { isWhole, KINDS, largestPatch, NAMES, settle } from "./machine_state.js";
import { describe } from "./machine_words.js";

const PROMPT =
  "Choose IS: the guess is one of the training images, and the wrong one. Go back to ELS: it pieces " +
  "the digit together from patches of others. Click a pixel to see where it came from.";

function render({ model, el }) {
  const engine = createEngine();
  const pool = createPool(engine);
  const frame = createFrame({
    el,
    model,
    names: NAMES,
    label: "Interactive figure: four machines that guess the picture behind the noise",
    prompt: model.get("prompt") || PROMPT,
    settle,
  });
  const { controls, place } = frame;
  const italic = (text, sub) => element("span", {}, element("i", {}, text), element("sub", {}, sub));

  // Controls: the two choices that make a machine, then how it is set, then what it is given.
  const table = element("fieldset", { class: "els-machines" });
  table.append(element("legend", {}, "Machine"));
  const grid = element("div", { class: "els-table" });
  const heading = (text) => element("span", { class: "els-heading", "aria-hidden": "true" }, text);
  const radio = (kind) => {
    const [name, symbol, compares] = KINDS[kind];
    const mark = element("span", { class: "els-mark", "aria-hidden": "true" }, symbol);
    const node = controls.radio("machine", kind, `${kind}, ${name}: ${compares}`, mark, ` ${kind}`);
    node.dataset.machine = kind;
    node.title = name;
    return node;
  };
  grid.append(heading(""), heading("same place"), heading("every place"));
  grid.append(heading("whole image"), radio("IS"), radio("ES"));
  grid.append(heading("patch"), radio("LS"), radio("ELS"));
  table.append(grid);
  place("machine", table);
  const patchSize = controls.slider("patch_size", "Patch size", {
    min: 1,
    max: largestPatch,
    step: 2,
    format: (p) => `${p} × ${p}`,
    spoken: (p) => `${p} by ${p}`,
  });
  controls.disableWhen("patch_size", isWhole);
  const time = controls.slider("t", "Time t", {
    min: 0.01,
    max: () => 1,
    step: 0.01,
    format: (t) => t.toFixed(2),
    ends: ["clean", "noise"],
  });
  const border = controls.choice("boundary", "Border", [
    ["circular", "circular"],
    ["zeros", "zeros"],
  ]);
  controls.disableWhen("boundary", isWhole);
  const sets = controls.choice("images", "Images", [
    ["digits", "digits"],
    ["faces", "faces"],
  ]);
  const count = controls.slider("count", "Training images", { min: 1, max: () => TRAINING, step: 1 });
  const seed = controls.number("seed", "Noise seed", { min: 0, max: () => 9999 });
  const thumbs = createThumbs(frame);
  const side = (state) => SIDES[state.images] - 1;

  const main = element("div", { class: "els-panel els-main", "data-group": "" });
  main.append(table, patchSize, time);
  const more = element("div", { class: "els-panel els-more", "data-group": "" });
  more.append(border, sets, count, seed, thumbs.node, createShift(frame, side));

  // The pictures, and the pixel under study.
  const noisy = createPicture("Noisy picture", "els-pick");
  const guess = createPicture("Best guess", "els-pick");
  const truth = createPicture("Held-out picture");
  const figure = (picture, ...caption) =>
    element("figure", {}, picture.node, element("figcaption", {}, ...caption));
  const guessMark = element("span", { class: "els-mark", "aria-hidden": "true" });
  const stage = element("div", { class: "els-stage" });
  stage.append(
    figure(noisy, "noisy ", italic("x", "t")),
    figure(guess, guessMark, " guess ", italic("x̂", "0")),
    figure(truth, "truth ", italic("x", "0")),
  );
  const pixel = element("div", { class: "els-pixel", role: "group" }, element("span", {}, "Pixel"));
  pixel.setAttribute("aria-label", "Pixel under study");
  pixel.append(
    controls.number("row", "row", { min: 0, max: side }),
    controls.number("column", "column", { min: 0, max: side }),
  );
  place("pixel", pixel);
  makePicker(frame, [noisy, guess]);

  const map = createMap();
  const candidates = createCandidates(place("candidates", map.node));
  const right = element("div", { class: "els-show" }, stage, pixel, candidates.node);
  frame.body.append(main, right, more);
  el.append(frame.root);

  // ---- Compute and show ----

  const gapOf = createCommuting(pool);
  const atHand = createImageSet(model);
  let data = null; // the image set that the pool holds
  let turn = 0;
  let shown = 0;
  let asking = { key: "", answer: null };
  let busyTimer = 0;

  function takePixels() {
    const found = atHand();
    if (!found || found === data) return;
    data = found;
    const { pixels, size, channels, height, width } = data;
    pool.setImages({ pixels: pixels.subarray(0, TRAINING * size), channels, height, width });
    asking = { key: "", answer: null };
    thumbs.draw(data);
  }

  async function update(state) {
    const mine = ++turn;
    el.elsResult = null;
    root.dataset.machine = state.machine;
    takePixels();
    if (!data || data.name !== state.images) return; // `pixels` follows
    const { channels, height, width } = data;
    const alpha = engine.alphaBar(state.t);
    const unmoved = data.imageAt(TRAINING + state.picture);
    const shift = [state.shift_rows, state.shift_columns];
    const original = rolled(unmoved, data, ...shift);
    const still = engine.addNoise(unmoved, alpha, state.seed);
    const x = rolled(still, data, ...shift);
    showInput(state, x, original);

    const job = {
      kind: state.machine,
      count: state.count,
      x,
      alpha,
      patchSize: isWhole(state) ? 1 : state.patch_size,
      boundary: isWhole(state) ? "circular" : state.boundary,
    };
    const { t, seed, images, picture } = state;
    const unmovedKey = [job.kind, job.count, job.patchSize, job.boundary, t, seed, images, picture].join();
    const key = [unmovedKey, ...shift].join();
    const { row, column } = state;
    const reason = pool.explain({ ...job, row, column, top: SHOWN });
    if (asking.key !== key) asking = { key, answer: pool.denoise(job) };
    clearTimeout(busyTimer);
    busyTimer = setTimeout(() => guess.node.classList.add("els-busy"), 300);
    const x0Hat = await asking.answer;
    if (!x0Hat || mine < shown) return;
    shown = mine;
    guess.draw(x0Hat, channels, height, width);
    const why = await reason;
    if (!why || mine !== turn) return;
    const moved = shift.some((steps) => steps > 0);
    const gap = moved ? await gapOf(unmovedKey, { ...job, x: still }, data, x0Hat, ...shift) : null;
    if ((moved && gap === null) || mine !== turn) return;
    clearTimeout(busyTimer);
    guess.node.classList.remove("els-busy");
    const at = state.row * width + state.column;
    finish(state, { alpha, x, x0Hat, truth: original, why, place: at, gap });
  }

  function showInput(state, x, original) {
    const { channels, height, width } = data;
    const own = [["pixel", state.row, state.column, 1, 1]];
    const window = isWhole(state)
      ? [["window", 0, 0, height, width]]
      : windowBoxes("window", state.row, state.column, state.patch_size, state.boundary, height, width);
    noisy.draw(x, channels, height, width);
    noisy.outline([...window, ...own]);
    guess.outline(own);
    truth.draw(original, channels, height, width);
    truth.outline(own);
    guessMark.textContent = KINDS[state.machine][1];
  }

  function finish(state, result) {
    const { why, x, x0Hat, gap } = result;
    candidates.show(state, why, data.imageAt, data);
    map.show(state, why, data);
    const text = describe(state, result);
    noisy.label(
      `Noisy picture. The pixel under study is row ${state.row}, column ${state.column}; arrow keys move it.`,
    );
    guess.label(`Best guess of the ${KINDS[state.machine][0]} machine`);
    truth.label(`The held-out picture ${state.picture} under the noise`);
    frame.say(text);
    const { image, row, column, weight } = why.found[0];
    el.elsResult = {
      x,
      x0_hat: x0Hat,
      origin: { image, row, column, weight },
      places: why.places,
      gap,
      gpu: pool.usesGpu,
      readout: text,
      settings: { ...state },
    };
    model.set("readout", text);
    model.set("x0_hat", new DataView(x0Hat.slice().buffer));
    model.save_changes();
    el.dispatchEvent(new CustomEvent("els:painted", { bubbles: true }));
  }

  const { root } = frame;
  frame.onChange(update);
  frame.listen("change:pixels", () => update(frame.read()));
  frame.start();
  return () => {
    clearTimeout(busyTimer);
    frame.stop();
    pool.stop();
  };
}

export default { render };
