// The explorer "mosaic": its controls, and its three pictures.

import { TRAINING } from "./image_set.js";
import { KINDS, isWhole, largestPatch, sideOf, usesAll } from "./mosaic_state.js";
import { makePicker } from "./picker.js";
import { createPicture, element, windowBoxes } from "./picture.js";

const MAPS = [
  ["both", "shaded"],
  ["sources", "flat"],
  ["letters", "letters"],
  ["sample", "none"],
];

export function createPanels({ controls }) {
  const main = element("div", { class: "els-panel els-main", "data-group": "" });
  const more = element("div", { class: "els-panel els-more", "data-group": "" });
  const machine = controls.choice("machine", "Machine", Object.keys(KINDS).map((k) => [k, k]));
  const windows = controls.choice("windows", "Patches", [
    ["fixed", "fixed"],
    ["shrinking", "shrinking"],
  ]);
  const size = controls.slider("patch_size", "Patch size", {
    min: 1,
    max: largestPatch,
    step: 2,
    format: (p) => `${p} × ${p}`,
    spoken: (p) => `${p} by ${p}`,
  });
  const border = controls.choice("boundary", "Border", [
    ["circular", "circular"],
    ["zeros", "zeros"],
  ]);
  controls.disableWhen("windows", isWhole);
  controls.disableWhen("patch_size", (state) => isWhole(state) || state.windows === "shrinking");
  controls.disableWhen("boundary", isWhole);
  main.append(machine, windows, size, border);
  const sets = controls.choice("images", "Images", [
    ...["digits", "faces", "photos", "textures"].map((name) => [name, name]),
    ["two_tone", "two tones"],
    ["own", "own"],
  ]);
  const count = controls.slider("count", "Training images", { min: 1, max: () => TRAINING, step: 1 });
  controls.disableWhen("count", usesAll);
  const seed = controls.number("seed", "Noise seed", { min: 0, max: () => 9999 });
  const steps = controls.slider("steps", "Steps in all", { min: 1, max: () => 50, step: 1 });
  const view = controls.choice("view", "Map", MAPS);
  more.append(sets, count, seed, steps, view);
  return { main, more };
}

export function createStage(frame, map, grow) {
  const noisy = createPicture("Noisy picture", "els-pick");
  const guess = createPicture("Best guess", "els-pick");
  const symbol = (text, sub) => element("span", {}, element("i", {}, text), element("sub", {}, sub));
  const time = element("span", {});
  const number = element("span", {});
  const figure = (picture, ...caption) =>
    element("figure", {}, picture.node, element("figcaption", {}, ...caption));
  const coloured = figure(map.picture, "coloured by source");
  const stage = element("div", { class: "els-grown" });
  stage.append(figure(noisy, symbol("x", "t"), time), figure(guess, symbol("x̂", "0"), number), coloured);
  const step = frame.controls.slider("step", "Step", {
    min: 1,
    max: ({ steps }) => steps,
    step: 1,
    spoken: (k) => `step ${k}`,
  });
  const player = element("div", { class: "els-player" }, grow.node, step);
  const side = (state) => sideOf(state) - 1;
  const pixel = element("div", { class: "els-pixel", role: "group" }, element("span", {}, "Pixel"));
  pixel.setAttribute("aria-label", "Pixel under study");
  pixel.append(
    frame.controls.number("row", "row", { min: 0, max: side }),
    frame.controls.number("column", "column", { min: 0, max: side }),
  );
  frame.place("pixel", pixel);
  makePicker(frame, [guess, noisy, map.picture]);

  function draw(state, step, { channels, height, width }) {
    const own = [["pixel", state.row, state.column, 1, 1]];
    const { patchSize, boundary } = step.job;
    const window = isWhole(state)
      ? []
      : windowBoxes("window", state.row, state.column, patchSize, boundary, height, width);
    noisy.draw(step.x, channels, height, width);
    noisy.outline([...window, ...own]);
    guess.draw(step.x0Hat, channels, height, width);
    map.picture.outline(own);
    guess.outline(own);
    time.textContent = `, t = ${step.t.toFixed(2)}`;
    number.textContent = `, step ${step.number} of ${state.steps}`;
    noisy.label(`Noisy picture at t = ${step.t.toFixed(2)}`);
    guess.label(
      `The picture as it is guessed at step ${step.number} of ${state.steps}. The pixel under study is ` +
        `row ${state.row}, column ${state.column}; arrow keys move it.`,
    );
  }

  return { stage, player, pixel, guess, coloured, draw };
}
