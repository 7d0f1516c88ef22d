// The explorer "flow": points in a plane, and particles that flow from noise to them under the
// exact score, step by step.

import { COUNT, createFlow } from "./flow_engine.js";
import { createPlane } from "./flow_plane.js";
import { createPoints } from "./flow_points.js";
import { LETTERS, NAMES, decimal, readPoints, settle } from "./flow_state.js";
import { createFrame } from "./frame.js";
import { element } from "./picture.js";

const PROMPT =
  "Play it: noise becomes points. The background says at which point each start ends. Drag a point, " +
  "or move it with the arrow keys, and watch the lanes; click into the dashed square for a new one.";
const SECONDS = 5; // from noise to clean

const count = (number, thing) => `${number} ${thing}${number === 1 ? "" : "s"}`;
const tally = (goals, goal) => goals.filter((own) => own === goal).length;

function describe(state, points, { alpha, goals, decided }) {
  const ends = points.map(
    ([x, y], k) => `${tally(goals, k)} end at ${LETTERS[k]} (${decimal(x)}, ${decimal(y)})`,
  );
  const text =
    `t = ${state.t.toFixed(2)} (ᾱ = ${alpha.toFixed(3)}), ${count(state.steps, "step")}, ` +
    `${count(points.length, "point")}. Of ${COUNT} particles ${ends.join(", ")}, and ` +
    `${tally(goals, -1)} at none of them.`;
  if (state.t === 0) return text;
  return `${text} So far ${decided} have decided: one point has over 99 % of the weight.`;
}

function createTally() {
  const rows = [...LETTERS, "none"].map((name) => {
    const number = element("span", { class: "els-number" });
    const row = element("div", {}, element("b", {}, name), element("span", { class: "els-share" }), number);
    row.style.setProperty("--els-own", name === "none" ? "var(--els-soft)" : `var(--els-point-${name})`);
    return { row, number };
  });
  const node = element("div", { class: "els-tally", "aria-hidden": "true" });
  node.append(...rows.map(({ row }) => row));
  return {
    node,
    show(points, goals) {
      rows.forEach(({ row, number }, k) => {
        const own = tally(goals, k < LETTERS.length ? k : -1);
        row.hidden = k < LETTERS.length && k >= points.length;
        row.style.setProperty("--els-part", own / COUNT);
        number.textContent = own;
      });
    },
  };
}

function createPlay(frame) {
  // Time runs from noise to clean. Who asked for less motion gets one step of the sampler a press.
  const still = matchMedia("(prefers-reduced-motion: reduce)");
  const button = element("button", { type: "button" });
  let ticket = 0;
  const name = () => {
    button.textContent = still.matches ? "Next step" : ticket ? "Pause" : "Play";
  };
  const pause = () => {
    cancelAnimationFrame(ticket);
    ticket = 0;
    name();
  };
  function play(from) {
    let begin = 0;
    let own = frame.read().t;
    const tick = (now) => {
      if (frame.read().t !== own) return pause(); // someone else moved the time
      begin ||= now;
      own = Math.round(100 * Math.max(0, from - (now - begin) / (1000 * SECONDS))) / 100;
      ticket = requestAnimationFrame(tick);
      frame.set({ t: own });
      if (own === 0) pause();
    };
    ticket = requestAnimationFrame(tick);
    name();
  }
  button.addEventListener("click", () => {
    const { t, steps } = frame.read();
    if (ticket) pause();
    else if (!still.matches) play(t || 1);
    else frame.set({ t: t ? Math.max(0, Math.ceil(t * steps - 1e-9) - 1) / steps : 1 });
  });
  still.addEventListener("change", pause);
  name();
  return {
    node: frame.place("play", button),
    stop() {
      pause();
      still.removeEventListener("change", pause);
    },
  };
}

function render({ model, el }) {
  const flow = createFlow();
  const frame = createFrame({
    el,
    model,
    names: NAMES,
    label: "Interactive figure: noise that flows to points in a plane",
    prompt: model.get("prompt") || PROMPT,
    settle,
  });
  const { controls, root } = frame;
  root.dataset.machine = "IS";
  const time = controls.slider("t", "Time t", {
    min: 0,
    max: () => 1,
    step: 0.01,
    format: (t) => t.toFixed(2),
    ends: ["clean", "noise"],
  });
  const play = createPlay(frame);
  const steps = controls.slider("steps", "Steps", { min: 1, max: () => 100, step: 1 });
  const seed = controls.number("seed", "Noise seed", { min: 0, max: () => 9999 });
  const plane = createPlane(root);
  const handles = createPoints(frame, plane.canvas);
  const ends = createTally();

  const main = element("div", { class: "els-panel els-main", "data-group": "" });
  main.append(time, play.node, steps, handles.buttons, seed);
  const field = element("div", { class: "els-plane" }, plane.canvas, ...handles.handles);
  const more = element("div", { class: "els-panel els-more" });
  more.append(element("p", {}, "Particles that end at"), ends.node);
  frame.body.append(main, element("div", { class: "els-show" }, field), more);
  el.append(root);

  // What changes with time alone is cheap: lanes and paths are kept.
  let whole = { key: "" };
  function update(state) {
    const points = readPoints(state.points);
    const key = [state.points, state.steps, state.seed].join();
    if (whole.key !== key) {
      const path = flow.follow(points, flow.starts(state.seed), state.steps);
      const lanes = flow.lanes(points, state.steps);
      whole = { key, lanes, path, goals: flow.goals(points, path.at(-1)) };
    }
    const { lanes, goals } = whole;
    const path = flow.until(points, whole.path, state.t);
    const alpha = flow.alphaBar(state.t);
    const decided = state.t ? flow.decided(points, path.at(-1), state.t) : COUNT;
    const words = describe(state, points, { alpha, goals, decided });
    handles.show();
    plane.show({ points, lanes, path, goals, alpha, words });
    ends.show(points, goals);
    frame.say(words);
    el.elsResult = { x: path.at(-1), goals, lanes, readout: words, settings: { ...state } };
    model.set("readout", words);
    model.save_changes();
    el.dispatchEvent(new CustomEvent("els:painted", { bubbles: true }));
  }

  frame.onChange(update);
  frame.start();
  return () => {
    play.stop();
    plane.stop();
    handles.stop();
    frame.stop();
  };
}

export default { render };
