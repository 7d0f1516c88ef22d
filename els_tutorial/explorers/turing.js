// The explorer "turing": two substances that react and spread, live.

import { createFrame } from "./frame.js";
import { element } from "./picture.js";
import { createBrush } from "./turing_brush.js";
import { createView, watchTheme } from "./turing_draw.js";
import { createLoop } from "./turing_loop.js";
import { createMap } from "./turing_map.js";
import { createPresets } from "./turing_presets.js";
import { MOST, NAMES, RANGE, STARTS, rounded, settle } from "./turing_state.js";
import { createField } from "./turing_steps.js";
import { describe } from "./turing_words.js";

const PROMPT =
  "Watch the drops divide. Then choose another pattern, move feed and kill while it runs, " +
  "or wound the picture with the brush.";
const SLICE = 12; // milliseconds of work between two looks at the reader
const FAR = 500; // steps of the button for readers who prefer no motion

function render({ model, el }) {
  const frame = createFrame({
    el,
    model,
    names: NAMES,
    label: "Interactive figure: two substances that react and spread",
    prompt: model.get("prompt") || PROMPT,
    settle,
  });
  const { controls, root } = frame;
  root.classList.add("els-turing");

  const field = createField();
  const view = createView(root);
  const still = matchMedia("(prefers-reduced-motion: reduce)");
  let steps = 0; // done
  let altered = false; // by hand, on the way
  let known = null; // the state that the field follows
  let timer = 0; // of work towards a step that was asked for

  // ---- Controls ----

  const button = (text, action) => {
    const node = element("button", { type: "button" }, text);
    node.addEventListener("click", action);
    return node;
  };
  const play = button("", () => go(!loop.running()));
  const one = button("One step", () => leap(1));
  const far = button(`${FAR} steps`, () => leap(FAR));
  const again = button("Start again", () => begin({}));
  const buttons = frame.place("play", element("div", { class: "els-buttons" }, play, one, far, again));
  const four = (value) => value.toFixed(4);
  const rate = (name, text, step) =>
    controls.slider(name, text, { min: RANGE[name][0], max: () => RANGE[name][1], step, format: four });
  const presets = createPresets(frame, begin);
  const main = element("div", { class: "els-panel els-main" }, presets);
  main.append(rate("feed", "Feed", 0.001), rate("kill", "Kill", 0.0002), buttons);

  const brush = createBrush(frame, view.picture, (kind, points) => {
    for (const [row, column] of points) field[kind](row, column);
    altered = true;
    view.draw(field.v());
    if (!loop.running()) finish();
  });
  const map = createMap(root, ({ feed, kill }) =>
    frame.set({ feed: rounded(Math.round(feed * 1e3) / 1e3), kill: rounded(Math.round(kill * 5e3) / 5e3) }),
  );
  const more = element("div", { class: "els-panel els-more", "data-group": "" }, brush.node);
  more.append(
    controls.choice("start", "Start from", Object.entries(STARTS)),
    controls.number("seed", "Seed", { min: 0, max: () => 9999 }),
    controls.number("steps", "Steps done", { min: 0, max: () => MOST }),
    controls.slider("speed", "Steps a frame", { min: 1, max: () => 32, step: 1 }),
  );
  const counter = element("p", { class: "els-turing-count", "aria-hidden": "true" });
  const show = element("div", { class: "els-show" }, view.picture.node, counter);
  show.append(frame.place("map", map.node));
  frame.body.append(main, show, more);
  el.append(root);

  // ---- Time ----

  const loop = createLoop(view.picture.node, () => {
    if (timer) return;
    const until = performance.now() + SLICE;
    const end = Math.min(MOST, steps + known.speed);
    while (steps < end && performance.now() <= until) advance();
    view.draw(field.v());
    count();
    if (steps === MOST) go(false);
  });

  function advance() {
    field.step(known.feed, known.kill);
    steps++;
  }

  function count() {
    counter.textContent = `step ${steps}`;
  }

  function go(on) {
    loop.want(on);
    play.textContent = on ? "Pause" : "Play";
    if (!on) note();
  }

  function note() {
    // The state says how far the picture is: known once it rests, or is asked for.
    if (timer || !known || known.steps === steps) return;
    known = { ...known, steps };
    frame.set({ steps });
  }

  function leap(number) {
    if (timer) return;
    go(false);
    const goal = Math.min(MOST, steps + number);
    work(goal, note);
  }

  function begin(values) {
    known = null; // from the start, whatever the state was
    frame.set({ ...values, steps: 0 });
    if (!known) update(frame.read());
  }

  function work(goal, then) {
    clearTimeout(timer);
    const until = performance.now() + SLICE;
    while (steps < goal && performance.now() <= until) advance();
    if (steps < goal) timer = setTimeout(work, 0, goal, then);
    else {
      timer = 0;
      view.draw(field.v());
      count();
      then();
    }
  }

  function finish() {
    const state = { ...known };
    const words = describe(state, steps, field.covered(), altered);
    map.show(state);
    view.picture.label(
      `Field of V. ${words} Arrow keys move the brush, with Shift by one cell; the space bar uses it.`,
    );
    frame.say(words);
    el.elsResult = { u: field.u(), v: field.v(), steps, altered, readout: words, settings: state };
    model.set("readout", words);
    model.save_changes();
    el.dispatchEvent(new CustomEvent("els:painted", { bubbles: true }));
  }

  function update(state) {
    const moved = (...names) => names.some((name) => state[name] !== known[name]);
    const early = steps === 0 && !altered; // nothing has happened yet that a move could cut short
    if (known && !moved("start", "seed", "steps") && !(early && moved("feed", "kill"))) {
      altered ||= moved("feed", "kill");
      known = { ...state };
      if (!timer) finish();
      return;
    }
    el.elsResult = null;
    known = { ...state };
    steps = 0;
    altered = false;
    field.begin(state);
    work(state.steps, finish);
  }

  const restart = () => {
    known = null;
    update(frame.read());
  };
  // A link leads to what its settings make from the start, not to a change on the way.
  const onHashChange = () => altered && restart();
  frame.onChange(update);
  frame.start();
  onHashChange();
  if (model.page) addEventListener("hashchange", onHashChange);
  const calm = () => go(!still.matches);
  calm();
  root.querySelector("[data-control=reset]").addEventListener("click", () => {
    restart(); // the settings may be the author's already, and the picture not
    calm();
  });
  root.querySelector(".els-foot").addEventListener("click", note, { capture: true }); // before a link
  still.addEventListener("change", calm);
  const endTheme = watchTheme(() => {
    view.refresh();
    map.refresh();
    view.draw(field.v());
    map.show(known);
  });
  return () => {
    clearTimeout(timer);
    loop.stop();
    endTheme();
    still.removeEventListener("change", calm);
    removeEventListener("hashchange", onHashChange);
    frame.stop();
  };
}

export default { render };
