// The plot of "scales": the curve of windows, which pointer and keys move, above what the network
// heeds. SVG in units of per cent, stretched to its room; the words are HTML.

import { LARGEST, SMALLEST, LEVELS, inDigits, nearestSide, timeAt } from "./scales_state.js";
import { ofCurve } from "./scales_words.js";
import { element } from "./picture.js";

const LOWEST = SMALLEST - 2; // sides at the foot and at the head
const HIGHEST = LARGEST + 2;
const TICKS = [3, 9, 17, 27];
const MOVES = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 2], ArrowDown: [0, -2] };

const percentDown = (side) => (100 * (HIGHEST - side)) / (HIGHEST - LOWEST);
const percentRight = (level) => (100 * (level - 0.5)) / LEVELS;
const levelAt = (share) => Math.max(1, Math.min(LEVELS, Math.floor(LEVELS * share) + 1));
const sideAt = (share) => nearestSide(HIGHEST - share * (HIGHEST - LOWEST));

function word(className, left, top, text) {
  return element("span", { class: className, style: `left: ${left}%; top: ${top}%` }, text);
}

function between(sides, from, to) {
  // The curve after a stroke from one [level, side] to another: a fast one skips no level.
  const changed = [...sides];
  const count = Math.abs(to[0] - from[0]);
  for (let k = 0; k <= count; k++) {
    const share = count ? k / count : 1;
    const level = Math.round(from[0] + share * (to[0] - from[0]));
    changed[level - 1] = nearestSide(from[1] + share * (to[1] - from[1]));
  }
  return changed;
}

export function createCurvePlot(frame, sidesNow, isFixed) {
  // `sidesNow` gives the sides of the curve, or null while they are not known yet.
  const stage = element("div", { class: "els-plot-stage", role: "img", tabindex: "0" });
  const words = element("div", { "aria-hidden": "true" });
  const across = element("p", { "aria-hidden": "true" }, "time t: clean → noise");
  const plot = element("div", { class: "els-plot" }, stage, words);
  const node = element("div", { class: "els-plot-room" }, plot, across);
  let last = null; // [level, side] where the pointer was, while it is pressed

  function put(sides, level) {
    frame.set({ windows: inDigits(sides), level });
  }

  function stroke(event) {
    const box = stage.getBoundingClientRect();
    const sides = sidesNow();
    if (!sides) return;
    const at = [
      levelAt((event.clientX - box.left) / box.width),
      sideAt((event.clientY - box.top) / box.height),
    ];
    if (isFixed()) frame.set({ level: at[0] });
    else put(between(sides, last || at, at), at[0]);
    last = at;
  }

  stage.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    event.preventDefault(); // no text is selected while the pointer is drawn along
    stage.setPointerCapture(event.pointerId);
    stage.focus({ preventScroll: true });
    last = null;
    stroke(event);
  });
  stage.addEventListener("pointermove", (event) => last && stroke(event));
  for (const end of ["pointerup", "pointercancel"]) {
    stage.addEventListener(end, () => (last = null));
  }
  frame.quiet(stage).addEventListener("keydown", (event) => {
    const move = MOVES[event.key];
    const sides = sidesNow();
    if (!move || !sides || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    const { level } = frame.read();
    if (move[0]) return frame.set({ level: level + move[0] });
    if (isFixed()) return;
    sides[level - 1] = nearestSide(sides[level - 1] + move[1]);
    put(sides, level);
  });

  function draw({ sides, fitted, reach, field }, { level }) {
    const path = (kind, steps) => `<path class="els-plot-${kind}" d="${steps}"/>`;
    const points = (curve) => curve.map((side, k) => [percentRight(k + 1), percentDown(side)]);
    const line = (curve) => `M${points(curve).join("L")}`;
    const bars = (kind, curve) =>
      curve
        .map((side, k) => {
          const top = percentDown(side);
          const left = (100 * k) / LEVELS;
          return `<rect class="els-reach-${kind}" x="${left}" y="${top}" width="${100 / LEVELS}" height="${100 - top}"/>`;
        })
        .join("");
    const dot = ([x, y]) => `M${x} ${y}h0`; // a line of no length with round ends
    const own = points(sides);
    stage.innerHTML =
      `<svg viewBox="0 0 100 100" preserveAspectRatio="none" aria-hidden="true">` +
      bars("most", reach["0.9"]) +
      bars("half", reach["0.5"]) +
      path("grid", TICKS.map((side) => `M0 ${percentDown(side)}H100`).join("")) +
      path("field", `M0 ${percentDown(field)}H100`) +
      path("fitted", line(fitted)) +
      path("now", `M${percentRight(level)} 0V100`) +
      path("curve", line(sides)) +
      path("points", own.map(dot).join("")) +
      path("chosen", dot(own[level - 1])) +
      "</svg>";
    stage.setAttribute(
      "aria-label",
      `${ofCurve(sides)} Left and right arrow keys choose a level, up and down ones move its window.`,
    );
    words.replaceChildren(
      ...TICKS.map((side) => word("els-plot-power", 0, percentDown(side), `${side}`)),
      ...[1, 5, 10, 15, 20].map((k) => word("els-plot-cycles", percentRight(k), 100, `${timeAt(k)}`)),
    );
  }

  return { node, stage, draw };
}
