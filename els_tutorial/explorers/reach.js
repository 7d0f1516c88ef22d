// The explorer "reach": poke one pixel of a small network's input, or shift all of it, and see which
// outputs move.

import { createFrame } from "./frame.js";
import { makePicker } from "./picker.js";
import { createPicture, element } from "./picture.js";
import { createNetwork, MOVED, SIDE } from "./reach_network.js";
import { LAYERS, NAMES, outlined, PADDINGS, settle, TESTS } from "./reach_state.js";
import { describe } from "./reach_words.js";

const PROMPT =
  "Click a pixel of the first picture: it grows by 1, and the second one shows which outputs move. " +
  "Add convolutions. Then go to a corner and change the padding.";
const DECADES = 8; // that the map of movements tells apart

function shade(change) {
  // Black where nothing moves, else brighter with the logarithm.
  const largest = Math.max(
    MOVED,
    change.reduce((a, b) => Math.max(a, b)),
  );
  return change.map((v) => {
    if (v <= MOVED) return -1;
    return -0.55 + 1.55 * Math.max(0, 1 + Math.log10(v / largest) / DECADES);
  });
}

function render({ model, el }) {
  const frame = createFrame({
    el,
    model,
    names: NAMES,
    label: "Interactive figure: what a small convolutional network sees",
    prompt: model.get("prompt") || PROMPT,
    settle,
  });
  const { controls, place } = frame;
  frame.root.classList.add("els-reach");

  const test = controls.choice("test", "Test", Object.entries(TESTS));
  const depth = controls.slider("depth", "Convolutions", { min: 1, max: () => 8, step: 1 });
  const padding = controls.choice("padding", "Padding", Object.keys(PADDINGS).map((name) => [name, name]));
  const layer = controls.choice("layer", "Layers", Object.keys(LAYERS).map((name) => [name, name]));
  const shift = controls.slider("shift", "Shift", {
    min: 1,
    max: () => 8,
    step: 1,
    format: (k) => `${k} px`,
    spoken: (k) => `${k} pixels`,
  });
  const seed = controls.number("seed", "Weights seed", { min: 0, max: () => 9999 });
  controls.disableWhen("shift", ({ test }) => test === "poke");
  const main = element("div", { class: "els-panel els-main", "data-group": "" });
  main.append(test, depth, padding, layer);
  const more = element("div", { class: "els-panel els-more", "data-group": "" }, shift, seed);

  const input = createPicture("Picture in", "els-pick");
  const output = createPicture("Picture out");
  const map = createPicture("Which outputs move", "els-pick");
  const caption = element("span", {});
  const figure = (picture, ...words) =>
    element("figure", {}, picture.node, element("figcaption", {}, ...words));
  const stage = element("div", { class: "els-stage" });
  stage.append(figure(input, "picture in"), figure(map, caption), figure(output, "out"));
  const key = element("p", { class: "els-plot-key els-reach-key" });
  key.append(
    element("span", { class: "els-key-still" }, "not at all"),
    element("span", { class: "els-key-scale" }, "10⁻⁸ of the largest, to the largest"),
    element("span", { class: "els-key-box" }, "theory"),
  );
  const pixel = element("div", { class: "els-pixel", role: "group" }, element("span", {}, "Pixel"));
  pixel.setAttribute("aria-label", "Poked pixel");
  const at = { min: 0, max: () => SIDE - 1 };
  pixel.append(controls.number("row", "row", at), controls.number("column", "column", at));
  place("pixel", pixel);
  controls.disableWhen("pixel", ({ test }) => test === "shift");
  makePicker(frame, [input, map]);
  frame.body.append(main, element("div", { class: "els-show" }, stage, key, pixel), more);
  el.append(frame.root);

  const network = createNetwork();

  function update(state) {
    const shifted = state.test === "shift";
    const found = network.pictures(state);
    const theory = outlined(state);
    const text = describe(state, found, theory);
    const deviation = 3 * Math.sqrt(found.output.reduce((a, v) => a + v * v, 0) / SIDE ** 2);
    input.draw(found.input.map((v) => v / 3), 1, SIDE, SIDE);
    output.draw(found.output.map((v) => v / deviation), 1, SIDE, SIDE);
    map.draw(shade(found.change), 1, SIDE, SIDE);
    const own = shifted ? [] : [["pixel", state.row, state.column, 1, 1]];
    input.outline(own);
    output.outline(own);
    map.outline([...theory.boxes.map((box) => ["window", ...box]), ...own]);
    caption.textContent = shifted ? "difference" : "what moves";
    frame.root.classList.toggle("els-shifting", shifted);
    input.label(
      shifted
        ? "The picture that goes in, shifted"
        : `The picture that goes in. Poked is row ${state.row}, column ${state.column}; arrow keys move it.`,
    );
    output.label("What comes out of the network");
    map.label(`${shifted ? "Where the two orders differ" : "Which outputs move"}. ${text}`);
    frame.say(text);
    el.elsResult = { ...found, readout: text, settings: { ...state } };
    model.set("readout", text);
    model.save_changes();
    el.dispatchEvent(new CustomEvent("els:painted", { bubbles: true }));
  }

  frame.onChange(update);
  frame.start();
  return frame.stop;
}

export default { render };
