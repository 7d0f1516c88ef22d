// The explorer "sensitivity": a pixel, a noise level, and on which noisy pixels the guess depends,
// for a linear filter, the ELS machine and a network.

import { createFrame } from "./frame.js";
import { makePicker } from "./picker.js";
import { createPicture, element, windowBoxes } from "./picture.js";
import { createMaps, LEVELS, NAMES, reach, settle, SIDE, STEP, timeAt } from "./sensitivity_state.js";

const PROMPT =
  "Slide t from clean to noise, and watch both maps grow. Then click a pixel at the border of the digits: " +
  "where do filter and network part?";
const THRESHOLD = 0.02; // of WLS
const DECADES = 2; // that a map tells apart

function shade(heat) {
  const largest = Math.max(
    1e-30,
    heat.reduce((a, b) => Math.max(a, b)),
  );
  return heat.map((v) => Math.max(-1, 1 + (2 / DECADES) * Math.log10(Math.max(v / largest, 1e-30))));
}

function describe({ level, row, column }, { linear, network, field, window, count }) {
  const wide = reach(linear, row, column);
  const seen = reach(network, row, column);
  const own = network[row * SIDE + column];
  const above = network.filter((v) => v >= THRESHOLD * own).length;
  const varies = linear.some((v) => v > 0);
  const same = varies ? "" : " It is the same in all digits: the linear filter looks at none.";
  const who = varies ? `${count} for the linear filter (WLS compares these), ${above}` : above;
  const square = varies ? `squares of ${wide} × ${wide} and ${seen} × ${seen}` : `a square of ${seen} × ${seen}`;
  return (
    `Row ${row}, column ${column} at t = ${timeAt(level).toFixed(1)}.${same} Pixels on which the guess ` +
    `depends at least 2 % as much as on this one: ${who} for the network, which can see ${field} × ${field}. ` +
    `Of the dependence on other pixels 90 % lies in ${square}. The ELS window is ${window} × ${window}.`
  );
}

function render({ model, el }) {
  const frame = createFrame({
    el,
    model,
    names: NAMES,
    label: "Interactive figure: on which noisy pixels a guess depends",
    prompt: model.get("prompt") || PROMPT,
    settle,
  });
  const { controls, place } = frame;
  const mapsAt = createMaps(model);
  frame.root.classList.add("els-sensitivity");

  const main = element("div", { class: "els-panel els-main", "data-group": "" });
  main.append(
    controls.slider("level", "Time t", {
      min: 1,
      max: () => LEVELS,
      step: 1,
      format: (k) => timeAt(k).toFixed(1),
      ends: ["clean", "noise"],
    }),
  );
  const linear = createPicture("Linear filter", "els-pick");
  const machine = createPicture("ELS window", "els-pick");
  const network = createPicture("Network", "els-pick");
  const figure = (picture, caption) =>
    element("figure", {}, picture.node, element("figcaption", {}, caption));
  const stage = element("div", { class: "els-trio" });
  stage.append(figure(linear, "linear filter"), figure(machine, "ELS window"), figure(network, "network"));
  const key = element("p", { class: "els-plot-key" });
  for (const [kind, words] of [
    ["scale", "dependence: a hundredth of the largest, to the largest"],
    ["window", "window"],
    ["field", "all it can see"],
  ]) {
    key.append(element("span", { class: `els-key-${kind}` }, words));
  }
  const pixel = element("div", { class: "els-pixel", role: "group" }, element("span", {}, "Pixel"));
  pixel.setAttribute("aria-label", "Pixel under study");
  const at = { min: 2, max: () => SIDE - 2, step: STEP };
  pixel.append(controls.number("row", "row", at), controls.number("column", "column", at));
  place("pixel", pixel);
  makePicker(frame, [linear, machine, network], STEP);
  frame.body.append(main, element("div", { class: "els-show" }, stage, key, pixel));
  el.append(frame.root);

  function update(state) {
    const found = mapsAt(state);
    if (!found) return; // `guesses` follows
    const { row, column } = state;
    const text = describe(state, found);
    const own = ["pixel", row, column, 1, 1];
    const square = (kind, side) => windowBoxes(kind, row, column, side, "zeros", SIDE, SIDE);
    linear.draw(shade(found.linear), 1, SIDE, SIDE);
    machine.draw(found.mean, 1, SIDE, SIDE);
    network.draw(shade(found.network), 1, SIDE, SIDE);
    linear.outline([own]);
    machine.outline([...square("window", found.window), own]);
    network.outline([...square("source", found.field), own]);
    linear.label(
      `How much the linear filter’s guess of row ${row}, column ${column} depends on each pixel; ` +
        "arrow keys move the pixel.",
    );
    machine.label(`The ELS machine’s window, ${found.window} × ${found.window}, over the mean digit`);
    network.label(`How much the network’s guess depends on each pixel. ${text}`);
    frame.say(text);
    el.elsResult = { ...found, readout: text, settings: { ...state } };
    model.set("readout", text);
    model.save_changes();
    el.dispatchEvent(new CustomEvent("els:painted", { bubbles: true }));
  }

  frame.onChange(update);
  frame.listen("change:guesses", () => update(frame.read()));
  frame.start();
  return frame.stop;
}

export default { render };
