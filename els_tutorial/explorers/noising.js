// The explorer "noising": a picture, the same under noise, and the spectra of both.

import { createNoise } from "./noise.js";
import { createFrame } from "./frame.js";
import { createImageSet, createThumbs, TRAINING } from "./image_set.js";
import { createSpectrumPlot } from "./noising_plot.js";
import { createPicture, element } from "./picture.js";
import { NAMES, SCHEDULES, settle } from "./noising_state.js";
import { coarsePart, crossing, radialPower } from "./spectrum.js";

const PROMPT =
  "Move the time to the right. The grey floor of noise rises and drowns the spectrum from its fine end. " +
  "At which time is the last thing lost that tells you what the picture is?";

function left({ ring, frequency }, side) {
  if (ring < 0) return "Nothing of the picture is above the noise, not even its mean brightness.";
  if (ring === 0) return "Of the picture only its mean brightness is above the noise.";
  if (ring === Math.floor(side / 2)) {
    return `Even the finest patterns, ${ring} cycles across the picture, are above the noise.`;
  }
  return (
    `The finest pattern above the noise has ${frequency.toFixed(1)} cycles across the picture: ` +
    `stripes ${(side / (2 * frequency)).toFixed(1)} pixels wide.`
  );
}

function describe(state, alpha, found, side) {
  const decibels = (10 * Math.log10(alpha / (1 - alpha))).toFixed(1).replace("-", "−");
  return (
    `Picture ${state.picture} of the ${state.images}, ${state.schedule} schedule, ` +
    `t = ${state.t.toFixed(2)}: ᾱ = ${alpha.toFixed(4)}, ` +
    `signal-to-noise ratio ᾱ/(1\u00a0−\u00a0ᾱ) = ${decibels} dB. ${left(found, side)}`
  );
}

function render({ model, el }) {
  const frame = createFrame({
    el,
    model,
    names: NAMES,
    label: "Interactive figure: a picture under noise, and its power spectrum",
    prompt: model.get("prompt") || PROMPT,
    settle,
  });
  const { controls } = frame;
  frame.root.classList.add("els-noising");
  const symbol = (text, sub) => element("span", {}, element("i", {}, text), element("sub", {}, sub));

  const time = controls.slider("t", "Time t", {
    min: 0.01,
    max: () => 1,
    step: 0.01,
    format: (t) => t.toFixed(2),
    ends: ["clean", "noise"],
  });
  const pairs = (names) => names.map((name) => [name, name]);
  const schedule = controls.choice("schedule", "Schedule", pairs(Object.keys(SCHEDULES)));
  const sets = controls.choice("images", "Images", pairs(["digits", "faces"]));
  const seed = controls.number("seed", "Noise seed", { min: 0, max: () => 9999 });
  const thumbs = createThumbs(frame);
  const main = element("div", { class: "els-panel els-main", "data-group": "" }, time, schedule);
  const more = element("div", { class: "els-panel els-more", "data-group": "" }, sets, seed, thumbs.node);

  const clean = createPicture("The picture");
  const noisy = createPicture("The picture under noise");
  const coarse = createPicture("What of the picture is above the noise");
  const figure = (picture, ...caption) =>
    element("figure", {}, picture.node, element("figcaption", {}, ...caption));
  const stage = element("div", { class: "els-trio" });
  stage.append(
    figure(clean, "picture ", symbol("x", "0")),
    figure(noisy, "noisy ", symbol("x", "t")),
    figure(coarse, symbol("x", "0"), " above noise"),
  );
  const key = element("p", { class: "els-plot-key" });
  for (const [kind, ...words] of [
    ["signal", "picture, ", element("i", {}, "ᾱ"), " × its power"],
    ["noise", "noise, 1 − ", element("i", {}, "ᾱ")],
    ["mixed", "their mixture ", symbol("x", "t")],
  ]) {
    key.append(element("span", { class: `els-key-${kind}` }, ...words));
  }
  const plot = createSpectrumPlot();
  const heading = element("p", { class: "els-plot-title" }, "Mean power of the Fourier coefficients");
  const show = element("div", { class: "els-show" }, stage, heading, key, plot.node);
  frame.body.append(main, show, more);
  el.append(frame.root);

  const atHand = createImageSet(model);
  const { addNoise } = createNoise();

  function update(state) {
    el.elsResult = null;
    const data = atHand();
    if (!data) return; // `pixels` follows
    const { channels, height: side, width } = data;
    const alpha = SCHEDULES[state.schedule](state.t);
    const x0 = data.imageAt(TRAINING + state.picture);
    const x = addNoise(x0, alpha, state.seed);
    const power = radialPower(x0, side).map((value) => alpha * value);
    const mixed = radialPower(x, side);
    const floor = 1 - alpha;
    const found = crossing(power, floor);
    const kept = coarsePart(x0, side, found.ring);
    const text = describe(state, alpha, found, side);

    thumbs.draw(data);
    clean.draw(x0, channels, side, width);
    noisy.draw(x, channels, side, width);
    coarse.draw(kept, channels, side, width);
    clean.label(`Held-out picture ${state.picture} of the ${state.images}`);
    noisy.label(`The same picture under noise at t = ${state.t.toFixed(2)}`);
    coarse.label(`What of the picture is above the noise. ${left(found, side)}`);
    plot.draw({ power, mixed, floor, frequency: found.frequency }, `Power spectrum. ${text}`);
    frame.say(text);
    el.elsResult = { x, power, mixed, kept, ...found, readout: text, settings: { ...state } };
    model.set("readout", text);
    model.save_changes();
    el.dispatchEvent(new CustomEvent("els:painted", { bubbles: true }));
  }

  frame.onChange(update);
  frame.listen("change:pixels", () => update(frame.read()));
  frame.start();
  return frame.stop;
}

export default { render };
