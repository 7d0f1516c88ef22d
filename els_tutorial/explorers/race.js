// The explorer "race": the same noise goes through a network, whose guesses the page brings, and
// through two machines, which the page computes. Side by side, step by step.

import { agreement } from "./agreement.js";
import { createEngine } from "./engine.js";
import { createFrame } from "./frame.js";
import { createImageSet, TRAINING } from "./image_set.js";
import { createNetworkSteps } from "./network_steps.js";
import { element } from "./picture.js";
import { createPool } from "./pool.js";
import { differenceOf } from "./race_difference.js";
import { createLane } from "./race_lanes.js";
import { createPlay } from "./race_play.js";
import { createRacePlot } from "./race_plot.js";
import { createRace } from "./race_run.js";
import { LANES, MEASURES, NAMES, SEEDS, settle, LAST } from "./race_state.js";
import { describe, ofPlot } from "./race_words.js";

const PROMPT =
  "Press Play. The same noise becomes a digit in three ways. Then change the seed: find one where the " +
  "machine and the network part, and the step at which they do.";

function render({ model, el }) {
  const engine = createEngine();
  const pool = createPool(engine);
  const frame = createFrame({
    el,
    model,
    names: NAMES,
    label: "Interactive figure: a network and two machines grow pictures from the same noise",
    prompt: model.get("prompt") || PROMPT,
    settle,
  });
  const { controls, root } = frame;
  root.classList.add("els-race");
  const still = matchMedia("(prefers-reduced-motion: reduce)");
  const play = createPlay(frame, still, () => el.elsResult && frame.say(el.elsResult.readout));
  const seed = controls.slider("seed", "Noise seed", { min: 0, max: () => SEEDS - 1, step: 1 });
  const step = controls.slider("step", "Step", {
    min: 1,
    max: () => LAST,
    step: 1,
    format: (k) => `${k}, t = ${((LAST - k + 1) / LAST).toFixed(2)}`,
    spoken: (k) => `step ${k} of ${LAST}`,
    ends: ["noise", "clean"],
  });
  const measure = controls.choice("measure", "Plot", Object.entries(MEASURES).map(([k, [word]]) => [k, word]));
  const main = element("div", { class: "els-panel els-main", "data-group": "" }, seed, step, play.node);
  const more = element("div", { class: "els-panel els-more", "data-group": "" }, measure);
  const lanes = Object.fromEntries(Object.keys(LANES).map((name) => [name, createLane(name)]));
  frame.place("ideal", lanes.IS.node);
  const stage = element("div", { class: "els-race-lanes" }, ...Object.values(lanes).map((lane) => lane.node));
  const plot = createRacePlot();
  const show = element("div", { class: "els-show" }, stage, frame.place("plot", plot.node));
  frame.body.append(main, show, more);
  el.append(root);

  const imagesAtHand = createImageSet(model);
  const stepsAtHand = createNetworkSteps(model, engine);
  const race = createRace(engine, pool, () => update(frame.read()));
  let images = null;
  let painted = false;
  let busyTimer = 0;

  function take() {
    // Whether the images and the network's guesses are both here.
    const set = imagesAtHand();
    const network = stepsAtHand();
    if (!set || !network) return null;
    if (images?.of !== set) {
      const { channels, height, width } = set;
      const pixels = set.pixels.subarray(0, TRAINING * set.size);
      images = { of: set, pixels, channels, height, width };
      pool.setImages({ pixels, channels, height, width });
    }
    return network;
  }

  function update(state) {
    el.elsResult = null;
    play.changed(state);
    const network = take();
    if (!network) return; // `pixels` and `guesses` follow
    const ways = { network: network.along(state.seed), ...race.along(state.seed, images, network.windows) };
    const curves = {};
    for (const name of ["ELS", "IS"]) {
      curves[name] = ways[name].map(({ x0Hat }, k) => agreement(x0Hat, ways.network[k].x0Hat));
    }
    // Until the machine has come that far, its last step stands there.
    const at = (name) => ways[name][Math.min(state.step, ways[name].length) - 1];
    const there = ways.ELS.length >= state.step;
    clearTimeout(busyTimer);
    if (!there) busyTimer = setTimeout(() => lanes.ELS.guess.node.classList.add("els-busy"), 300);
    if (!ways.ELS.length) return;
    // With reduced motion nothing moves on its own.
    if (there || !painted || !still.matches) paint(ways, at, state, curves, images);
    if (there) finish(state, ways, at, curves);
  }

  function paint(ways, at, state, curves, shape) {
    for (const [name, lane] of Object.entries(lanes)) lane.draw(at(name), shape);
    for (const name of ["ELS", "IS"]) {
      const k = ways[name].indexOf(at(name));
      lanes[name].compare(differenceOf(at(name).x0Hat, ways.network[k].x0Hat), curves[name][k], shape);
    }
    plot.draw(state, curves, ofPlot(state, curves));
    if (painted) return;
    painted = true;
    el.dispatchEvent(new CustomEvent("els:painted", { bubbles: true }));
  }

  function finish(state, ways, at, curves) {
    lanes.ELS.guess.node.classList.remove("els-busy");
    const k = state.step - 1;
    const found = { ELS: curves.ELS[k], IS: curves.IS[k] };
    const difference = differenceOf(at("ELS").x0Hat, at("network").x0Hat);
    const text = describe(state, { t: at("ELS").t, found, difference });
    if (!play.playing || state.step === LAST) frame.say(text);
    const pictures = Object.fromEntries(
      Object.keys(LANES).flatMap((name) => [[`${name}_x`, at(name).x], [`${name}_x0_hat`, at(name).x0Hat]]),
    );
    el.elsResult = { ...pictures, found, curves, readout: text, settings: { ...state } };
    if (model.get("readout") !== text) {
      model.set("readout", text);
      model.save_changes();
    }
    el.dispatchEvent(new CustomEvent("els:painted", { bubbles: true }));
    play.done(state);
  }

  frame.onChange(update);
  for (const trait of ["pixels", "guesses"]) frame.listen(`change:${trait}`, () => update(frame.read()));
  frame.start();
  return () => {
    clearTimeout(busyTimer);
    play.stop();
    frame.stop();
    pool.stop();
  };
}

export default { render };
