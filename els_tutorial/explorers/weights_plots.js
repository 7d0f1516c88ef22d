// The explorer "weights": a bar for each training image, and the weights at every time. Both are
// SVG in units of per cent, stretched to their room; the words are HTML.

import { element } from "./picture.js";

const DECADES = 6; // of the logarithmic bars, from 1 down

const drawing = (content) =>
  `<svg viewBox="0 0 100 100" preserveAspectRatio="none" aria-hidden="true">${content}</svg>`;
const stroke = (kind, steps) => `<path class="els-plot-${kind}" d="${steps}"/>`;
const block = (kind, x, y, width, height) =>
  `<rect class="els-weights-${kind}" x="${x}" y="${y}" width="${width}" height="${height}"/>`;
const word = (className, left, top, text) =>
  element("span", { class: className, style: `left: ${left}%; top: ${top}%` }, text);

function createPlot(caption, className = "") {
  const stage = element("div", { class: "els-plot-stage", role: "img" });
  const words = element("div", { "aria-hidden": "true" });
  const under = element("p", { "aria-hidden": "true" }, caption);
  const plot = element("div", { class: "els-plot" }, stage, words);
  const node = element("div", { class: `els-plot-room ${className}` }, plot, under);
  function show(content, marks, label) {
    stage.innerHTML = drawing(content);
    words.replaceChildren(...marks);
    stage.setAttribute("aria-label", label);
  }
  return { node, under, show };
}

export function createBarPlot() {
  const { node, under, show } = createPlot("", "els-bars-room");

  function draw({ weights, order, scale, own }, label) {
    // `order` holds image numbers from left to right; `own` is the one under the noise, or null.
    const log = scale === "log";
    const down = (weight) =>
      log ? Math.min(100, (-100 * Math.log10(weight)) / DECADES) : 100 * (1 - weight);
    const ticks = log ? [1, 1e-2, 1e-4] : [1, 0.5];
    const names = log ? ["1", "10⁻²", "10⁻⁴"] : ["1", "½"];
    const width = 100 / order.length;
    const at = order.indexOf(own);
    show(
      (at >= 0 ? block("own", at * width, 0, width, 100) : "") +
        stroke("grid", ticks.map((weight) => `M0 ${down(weight)}H100`).join("")) +
        stroke("half", `M0 ${down(0.5)}H100`) +
        order
          .map((n, k) => {
            const top = weights[n] > 0 ? down(weights[n]) : 100;
            return block("bar", (k + 0.1) * width, top, 0.8 * width, 100 - top);
          })
          .join(""),
      ticks.map((weight, k) => word("els-plot-power", 0, down(weight), names[k])),
      label,
    );
    const rank = order.every((n, k) => n === k) ? "" : ", heaviest first";
    under.textContent = order.length === 1 ? "the training image" : `the ${order.length} training images${rank}`;
  }

  return { node, draw };
}

export function createHistoryPlot() {
  const { node, show } = createPlot("time t: clean → noise");

  function draw({ path: rows, times, best, t, collapse }, label) {
    // Images that never have 1 % are left out: their lines would lie on the axis.
    const line = (n) => `M${times.map((time, k) => `${100 * time} ${100 * (1 - rows[k][n])}`).join("L")}`;
    const seen = [...rows[0].keys()].filter((n) => rows.some((row) => row[n] > 0.01));
    const upright = (time) => `M${100 * time} 0V100`;
    show(
      stroke("grid", [0.25, 0.5, 0.75].map(upright).join("")) +
        stroke("half", "M0 50H100") +
        stroke("other", seen.filter((n) => n !== best).map(line).join("")) +
        stroke("best", line(best)) +
        (collapse === null ? "" : stroke("crossing", upright(collapse))) +
        stroke("now", upright(t)),
      [
        word("els-plot-power", 0, 0, "1"),
        word("els-plot-power", 0, 50, "½"),
        ...[0, 0.25, 0.5, 0.75, 1].map((time) => word("els-plot-cycles", 100 * time, 100, `${time}`)),
      ],
      label,
    );
  }

  return { node, draw };
}
