// The explorer "weights": from which training image did this noise come? The ideal score's answer
// at one time, as bars, and at all times along the same noise, as lines.

import { createNoise } from "./noise.js";
import { createFrame } from "./frame.js";
import { createImageSet, createThumbs, TRAINING } from "./image_set.js";
import { createPicture, element } from "./picture.js";
import { NAMES, ORDERS, SCALES, settle, SOURCES, TIMES } from "./weights_state.js";
import { createBarPlot, createHistoryPlot } from "./weights_plots.js";
import { describe, named, percent } from "./weights_words.js";
import {
  collapseOf,
  effectiveNumber,
  heaviestFirst,
  meanImage,
  weightsAlong,
} from "./weights_engine.js";

const PROMPT =
  "Move the time to the left, slowly. Bars grow, and one takes over. Then put one of the training images " +
  "under the noise: how early is it found?";
const SHOWN = 5; // heaviest images

function createCards() {
  const cards = [...Array(SHOWN).keys()].map(() => {
    const picture = createPicture("");
    const weight = element("span", { class: "els-weight" });
    const where = element("span", { class: "els-where" });
    const node = element("li", {}, picture.node, weight, where);
    return { node, picture, weight, where };
  });
  const node = element("ol", { class: "els-cards" }, ...cards.map((card) => card.node));
  function draw({ imageAt, channels, height, width }, weights, order) {
    cards.forEach(({ node, picture, weight, where }, k) => {
      node.classList.toggle("els-empty", k >= order.length);
      if (k >= order.length) return;
      picture.draw(imageAt(order[k]), channels, height, width);
      picture.label(`Training image ${order[k]}`);
      weight.textContent = percent(weights[order[k]]);
      where.textContent = `image ${order[k]}`;
    });
  }
  return { node, draw };
}

function render({ model, el }) {
  const frame = createFrame({
    el,
    model,
    names: NAMES,
    label: "Interactive figure: the weights of the training images for a noisy picture",
    prompt: model.get("prompt") || PROMPT,
    settle,
  });
  const { controls } = frame;
  frame.root.classList.add("els-weights");
  frame.root.dataset.machine = "IS";
  const symbol = (text, sub) => element("span", {}, element("i", {}, text), element("sub", {}, sub));

  const time = controls.slider("t", "Time t", {
    min: 0.01,
    max: () => 1,
    step: 0.01,
    format: (t) => t.toFixed(2),
    ends: ["clean", "noise"],
  });
  const count = controls.slider("count", "Training images", { min: 1, max: () => TRAINING, step: 1 });
  const source = controls.choice("source", "Picture is", Object.entries(SOURCES));
  const sets = controls.choice("images", "Images", ["digits", "faces"].map((name) => [name, name]));
  const order = controls.choice("order", "Bars by", Object.entries(ORDERS));
  const scale = controls.choice("scale", "Scale", Object.entries(SCALES));
  const seed = controls.number("seed", "Noise seed", { min: 0, max: () => 9999 });
  const thumbs = createThumbs(frame, (k) => `picture ${k}`);
  const main = element("div", { class: "els-panel els-main", "data-group": "" }, time, count, source);
  const more = element("div", { class: "els-panel els-more", "data-group": "" });
  more.append(order, scale, sets, seed, thumbs.node);

  const noisy = createPicture("The noisy picture");
  const guess = createPicture("The best guess");
  const truth = createPicture("The picture under the noise");
  const figure = (picture, ...caption) =>
    element("figure", {}, picture.node, element("figcaption", {}, ...caption));
  const stage = element("div", { class: "els-trio" });
  stage.append(
    figure(noisy, "noisy ", symbol("x", "t")),
    figure(guess, "guess ", symbol("x̂", "0")),
    figure(truth, "under the noise"),
  );
  const bars = createBarPlot();
  const history = createHistoryPlot();
  const cards = createCards();
  const heading = (...text) => element("p", { class: "els-plot-title" }, ...text);
  const own = element("span", { class: "els-key-own" }, "the image under the noise");
  const barKey = element("p", { class: "els-plot-key" }, element("span", { class: "els-key-half" }, "half of the weight"), own);
  const pastKey = element("p", { class: "els-plot-key" });
  pastKey.append(
    element("span", { class: "els-key-best" }, "the heaviest now"),
    element("span", { class: "els-key-other" }, "other images"),
    element("span", { class: "els-key-collapse" }, "collapse"),
  );
  const barTitle = heading("Weight of each training image at this time");
  const cardTitle = heading("The heaviest");
  const pastTitle = heading("The weights at every time, along this noise");
  const show = element("div", { class: "els-show" }, stage, barTitle, barKey, bars.node);
  show.append(cardTitle, cards.node, pastTitle, pastKey, history.node);
  frame.body.append(main, show, more);
  el.append(frame.root);

  const atHand = createImageSet(model);
  const { addNoise, alphaBar, noise } = createNoise();

  function update(state) {
    el.elsResult = null;
    const data = atHand();
    if (!data) return; // `pixels` follows
    const { channels, height, width, size, imageAt } = data;
    const alpha = alphaBar(state.t);
    const inside = state.source === "training";
    const x0 = imageAt((inside ? 0 : TRAINING) + state.picture);
    const x = addNoise(x0, alpha, state.seed);
    const weightsAt = weightsAlong(x0, noise(state.seed, size), imageAt, state.count);
    const weights = weightsAt(alpha);
    const path = TIMES.map((t) => weightsAt(alphaBar(t)));
    const ranked = heaviestFirst(weights);
    const [best] = ranked;
    const collapse = collapseOf(path, TIMES);
    const number = effectiveNumber(weights);
    const x0Hat = meanImage(weights, imageAt, size);
    const text = describe(state, { alpha, weights, best, number, collapse });

    thumbs.draw(data, inside ? 0 : TRAINING);
    thumbs.allow(inside ? state.count : Infinity);
    own.hidden = !inside;
    noisy.draw(x, channels, height, width);
    guess.draw(x0Hat, channels, height, width);
    truth.draw(x0, channels, height, width);
    noisy.label(`Noisy picture at t = ${state.t.toFixed(2)}`);
    guess.label("The guess: the training images' mean with these weights");
    truth.label(named(state));
    const shown = state.order === "weight" ? ranked : ranked.map((_, k) => k);
    bars.draw(
      { weights, order: shown, scale: state.scale, own: inside ? state.picture : null },
      `Weights of the training images. ${text}`,
    );
    cards.draw(data, weights, ranked);
    history.draw({ path, times: TIMES, best, t: state.t, collapse: collapse.time }, `Weights at every time. ${text}`);
    frame.say(text);
    el.elsResult = { x, weights, x0_hat: x0Hat, number, collapse, readout: text, settings: { ...state } };
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
