// The explorer "scales": a curve of windows that the reader draws, the picture that the ELS machine
// makes with them, and the network's from the same noise.

import { agreement } from "./agreement.js";
import { createEngine } from "./engine.js";
import { createPool } from "./pool.js";
import { createFrame } from "./frame.js";
import { createImageSet, TRAINING } from "./image_set.js";
import { createNetworkSteps } from "./network_steps.js";
import { element } from "./picture.js";
import { createPanels, createStage } from "./scales_panels.js";
import { createCurvePlot } from "./scales_plot.js";
import { createRun } from "./scales_run.js";
import { NAMES, LEVELS, settle, sidesOf } from "./scales_state.js";
import { describe } from "./scales_words.js";

const PROMPT =
  "Draw along the curve: how large is the machine’s window at each noise level? The picture grows anew. " +
  "At which noise levels do the windows matter most?";

const KEY = [
  ["curve", "these windows"],
  ["fitted", "fitted to the network"],
  ["half", "half of the network’s slopes"],
  ["most", "90 % of them"],
  ["field", "all it can see"],
];

function render({ model, el }) {
  const engine = createEngine();
  const pool = createPool(engine);
  const grow = createRun(engine, pool);
  const atHand = createImageSet(model);
  const network = createNetworkSteps(model, engine);
  const frame = createFrame({
    el,
    model,
    names: NAMES,
    label: "Interactive figure: the curve of windows, and what the machine predicts with it",
    prompt: model.get("prompt") || PROMPT,
    settle,
  });
  const panels = createPanels(frame, sidesNow);
  const plot = createCurvePlot(frame, sidesNow, panels.isFixed);
  const { stage, table, ...shown } = createStage();
  frame.root.classList.add("els-scales");
  const heading = element("p", { class: "els-plot-title" }, "Side of the window, in pixels");
  const key = element("p", { class: "els-plot-key" });
  key.append(...KEY.map(([kind, words]) => element("span", { class: `els-key-${kind}` }, words)));
  const show = element("div", { class: "els-show" }, heading, plot.node, key, stage, table);
  frame.body.append(panels.main, show, panels.more);
  el.append(frame.root);

  let data = null; // the images that the pool holds
  let turn = 0;
  let busyTimer = 0;
  const still = matchMedia("(prefers-reduced-motion: reduce)");

  const backwards = (list) => [...list].reverse(); // the page's data begin with much noise
  function fitted() {
    const known = network();
    return known ? backwards(known.windows) : null;
  }

  function sidesNow() {
    const known = fitted();
    return known ? sidesOf(frame.read().windows, known) : null;
  }

  function take() {
    const set = atHand();
    if (!set || !network()) return false; // `pixels` or `guesses` follows
    if (set === data) return true;
    data = set;
    const { channels, height, width } = data;
    pool.setImages({ pixels: data.pixels.subarray(0, TRAINING * data.size), channels, height, width });
    return true;
  }

  function paint(picture, x0Hat) {
    picture.draw(x0Hat, data.channels, data.height, data.width);
  }

  const seen = () => el.dispatchEvent(new CustomEvent("els:painted", { bubbles: true }));

  // The machine's picture along a curve, or null when the state changed meanwhile.
  async function grown(curve, seed, mine, onStep = () => {}) {
    const sample = { seed, sides: backwards(curve), count: TRAINING, size: data.size };
    const steps = await grow(sample, () => mine === turn, onStep);
    return steps && mine === turn ? steps.at(-1).x0Hat : null;
  }

  async function update(state) {
    const mine = ++turn;
    el.elsResult = null;
    if (!take()) return;
    const sides = sidesNow();
    const { reach, field } = model.get("guesses");
    const heeded = Object.fromEntries(Object.entries(reach).map(([share, all]) => [share, backwards(all)]));
    panels.show(state, sides);
    plot.draw({ sides, fitted: fitted(), reach: heeded, field }, state);
    const target = network().along(state.seed).at(-1).x0Hat;
    paint(shown.network, target);
    shown.tell(0, null);
    shown.tell(1, null);
    clearTimeout(busyTimer);
    busyTimer = setTimeout(() => stage.classList.add("els-busy"), 300);

    const own = await grown(sides, state.seed, mine, (step) => {
      if (mine !== turn || (still.matches && step.number < LEVELS)) return;
      paint(shown.own, step.x0Hat);
      seen();
      shown.growing.textContent = step.number < LEVELS ? `step ${step.number} of ${LEVELS}` : "these windows";
    });
    if (!own) return;
    const first = agreement(own, target);
    shown.tell(0, first);
    const best = await grown(fitted(), state.seed, mine);
    if (!best) return;
    const second = agreement(best, target);
    shown.tell(1, second);
    paint(shown.fitted, best);
    clearTimeout(busyTimer);
    stage.classList.remove("els-busy");
    finish(state, { sides, reach: heeded["0.9"], own: first, fitted: second }, { own, best, target, sides });
  }

  function finish(state, found, pictures) {
    const text = describe(state, found);
    frame.say(text);
    el.elsResult = { ...pictures, agreement: [found.own, found.fitted], readout: text, settings: { ...state } };
    model.set("readout", text);
    model.save_changes();
    seen();
  }

  frame.onChange(update);
  frame.listen("change:pixels", () => update(frame.read()));
  frame.listen("change:guesses", () => update(frame.read()));
  frame.start();
  return () => {
    turn += 1;
    clearTimeout(busyTimer);
    frame.stop();
    pool.stop();
  };
}

export default { render };
