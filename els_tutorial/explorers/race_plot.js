// The plot of "race": one measure of both machines at every time. SVG in units of per cent,
// stretched to its room; the words are HTML.

import { element } from "./picture.js";
import { LANES, MEASURES, LAST } from "./race_state.js";

const word = (className, left, top, text) =>
  element("span", { class: className, style: `left: ${left}%; top: ${top}%` }, text);
const stroke = (kind, steps) => `<path class="els-plot-${kind}" d="${steps}"/>`;

export function createRacePlot() {
  const stage = element("div", { class: "els-plot-stage", role: "img" });
  const words = element("div", { "aria-hidden": "true" });
  const title = element("p", { class: "els-plot-title" });
  const key = element("p", { class: "els-plot-key" });
  for (const name of ["ELS", "IS"]) {
    const mark = element("span", { class: `els-race-${name}` }, LANES[name][0]);
    key.append(element("span", { class: `els-key-${name}` }, mark, ` ${LANES[name][1]}`));
  }
  const under = element("p", { "aria-hidden": "true" }, "time t: clean → noise");
  const plot = element("div", { class: "els-plot" }, stage, words);
  const node = element("div", {}, title, key, element("div", { class: "els-plot-room" }, plot, under));

  function draw({ measure, step }, curves, label) {
    const [name, key] = MEASURES[measure];
    title.textContent = `Agreement with the network at each step: ${name}`;
    const values = Object.values(curves).flatMap((curve) => curve.map((found) => found[key] ?? 0));
    const low = Math.min(0, Math.floor(Math.min(...values)));
    const down = (value) => (100 * (1 - value)) / (1 - low);
    const right = (k) => (100 * (LAST - k)) / LAST; // of step k, counted from 0
    const ticks = low < -2 ? [1, 0, low] : [...Array(1 - low + 1).keys()].map((k) => 1 - k);
    const line = (curve) =>
      `M${curve.map((found, k) => `${right(k)} ${down(found[key] ?? 0)}`).join("L")}`;
    const marks = (name, curve) =>
      curve.map((found, k) => word(`els-race-mark els-race-${name}`, right(k), down(found[key] ?? 0), LANES[name][0]));
    stage.innerHTML =
      '<svg viewBox="0 0 100 100" preserveAspectRatio="none" aria-hidden="true">' +
      stroke("grid", ticks.map((value) => `M0 ${down(value)}H100`).join("")) +
      stroke("now", `M${right(step - 1)} 0V100`) +
      Object.entries(curves).map(([name, curve]) => (curve.length ? stroke(`of-${name}`, line(curve)) : "")).join("") +
      "</svg>";
    stage.setAttribute("aria-label", label);
    words.replaceChildren(
      ...ticks.map((value) => word("els-plot-power", 0, down(value), `${value}`.replace("-", "−"))),
      ...[0, 0.25, 0.5, 0.75, 1].map((t) => word("els-plot-cycles", 100 * t, 100, `${t}`)),
      ...Object.entries(curves).flatMap(([name, curve]) => marks(name, curve)),
    );
  }

  return { node, draw };
}
