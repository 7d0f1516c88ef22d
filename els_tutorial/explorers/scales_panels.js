// The explorer "scales": its controls, its pictures, and the table of agreement.

import { createPicture, element } from "./picture.js";
import { LARGEST, PRESETS, SMALLEST, LEVELS, inDigits, timeAt } from "./scales_state.js";
import { number } from "./scales_words.js";

const MEASURES = [
  ["r", "r"],
  ["squared", "r²"],
  ["explained", "explained variance"],
];

export function createPanels(frame, sidesNow) {
  const { controls, place, quiet } = frame;
  const main = element("div", { class: "els-panel els-main", "data-group": "" });
  const more = element("div", { class: "els-panel els-more", "data-group": "" });
  const windows = controls.choice("windows", "Windows", Object.entries(PRESETS));
  const select = windows.querySelector("select");
  const own = element("option", { value: "own", hidden: true }, "drawn");
  select.append(own);
  const level = controls.slider("level", "Time t", {
    min: 1,
    max: () => LEVELS,
    step: 1,
    format: (k) => timeAt(k).toFixed(2),
    ends: ["clean", "noise"],
  });

  const id = `${select.id}-side`;
  const value = element("output", { for: id, class: "els-value" });
  const input = quiet(element("input", { type: "range", id, min: SMALLEST, max: LARGEST, step: 2 }));
  const head = element("div", { class: "els-head" }, element("label", { for: id }, "Window there"), value);
  const rail = element("div", { class: "els-rail" }, input);
  const side = place("side", element("div", { class: "els-control" }, head, rail));
  input.addEventListener("input", () => {
    const sides = sidesNow();
    if (!sides) return;
    sides[frame.read().level - 1] = Number(input.value);
    frame.set({ windows: inDigits(sides) });
  });

  main.append(windows, level, side);
  more.append(controls.number("seed", "Noise seed", { min: 0, max: () => 31 }));

  function show(state, sides) {
    const here = sides[state.level - 1];
    input.value = here;
    value.textContent = `${here} × ${here}`;
    input.setAttribute("aria-valuetext", `${here} by ${here}`);
    if (!Object.hasOwn(PRESETS, state.windows)) select.value = "own";
  }

  return { main, more, show, isFixed: () => side.hidden };
}

export function createStage() {
  const own = createPicture("The machine’s picture with these windows");
  const network = createPicture("The network’s picture from the same noise");
  const fitted = createPicture("The machine’s picture with the fitted windows");
  const figure = (picture, caption) =>
    element("figure", {}, picture.node, element("figcaption", {}, caption));
  const growing = element("span", {}, "these windows");
  const stage = element("div", { class: "els-trio" });
  stage.append(figure(own, growing), figure(network, "network"), figure(fitted, "fitted windows"));

  const cells = MEASURES.map(([, name]) => {
    const row = [element("td", {}), element("td", {})];
    return { row, line: element("tr", {}, element("th", { scope: "row" }, name), ...row) };
  });
  const heading = (text) => element("th", { scope: "col" }, text);
  const table = element("table", { class: "els-agreement" });
  table.append(
    element("caption", {}, "Agreement with the network’s picture"),
    element("thead", {}, element("tr", {}, element("td", {}), heading("these windows"), heading("fitted windows"))),
    element("tbody", {}, ...cells.map(({ line }) => line)),
  );

  function tell(column, measures) {
    cells.forEach(({ row }, k) => {
      row[column].textContent = measures ? number(measures[MEASURES[k][0]]) : "…";
    });
  }

  return { stage, table, own, network, fitted, growing, tell };
}
