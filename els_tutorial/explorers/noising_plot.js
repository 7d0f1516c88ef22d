// The plot of "noising": two logarithmic axes, stretched to their room; the words are HTML.

import { element } from "./picture.js";

const LOWEST = -5; // decimal logarithms of the powers at the foot and at the head
const HIGHEST = 2;
const DECADES = [-4, -2, 0];
const POWERS = ["10⁻⁴", "10⁻²", "1"];

const percentDown = (power) => (100 * (HIGHEST - Math.log10(power))) / (HIGHEST - LOWEST);
const percentRight = (cycles, last) => (100 * Math.log(cycles)) / Math.log(last);

function word(className, left, top, text) {
  return element("span", { class: className, style: `left: ${left}%; top: ${top}%` }, text);
}

export function createSpectrumPlot() {
  const stage = element("div", { class: "els-plot-stage", role: "img" });
  const words = element("div", { "aria-hidden": "true" });
  const across = element("p", { "aria-hidden": "true" }, "cycles across the picture: coarse → fine");
  const plot = element("div", { class: "els-plot" }, stage, words);
  const node = element("div", { class: "els-plot-room" }, plot, across);

  function draw({ power, mixed, floor, frequency }, label) {
    const last = power.length - 1;
    const points = (values) =>
      Array.from(values.slice(1), (value, k) => [percentRight(k + 1, last), Math.min(200, percentDown(value))]);
    const path = (kind, steps) => `<path class="els-plot-${kind}" d="${steps}"/>`;
    const across = (down) => `M0 ${down}H100`;
    const upright = (cycles) => `M${percentRight(cycles, last)} 0V100`;
    const cycles = [1, 2, 4, 8, last];
    const level = percentDown(floor);
    stage.innerHTML =
      `<svg viewBox="0 0 100 100" preserveAspectRatio="none" aria-hidden="true">` +
      path("noise", `M0 ${level}H100V200H0Z`) +
      path("grid", DECADES.map((decade) => across(percentDown(10 ** decade))).join("")) +
      path("grid", cycles.map(upright).join("")) +
      path("floor", across(level)) +
      // A line of no length with round ends is a dot, which the stretching leaves round.
      path("mixed", points(mixed).map(([x, y]) => `M${x} ${y}h0`).join("")) +
      path("signal", `M${points(power).join("L")}`) +
      (frequency ? path("crossing", upright(frequency)) : "") +
      "</svg>";
    stage.setAttribute("aria-label", label);
    words.replaceChildren(
      ...DECADES.map((d, k) => word("els-plot-power", 0, percentDown(10 ** d), POWERS[k])),
      ...cycles.map((f) => word("els-plot-cycles", percentRight(f, last), 100, `${f}`)),
    );
  }

  return { node, draw };
}
