// The lanes of "race": for each runner what it guesses, what it stands on, and how far it is from
// the network.

import { createPicture, element } from "./picture.js";
import { coloured, createScale } from "./race_difference.js";
import { LANES, MEASURES } from "./race_state.js";
import { number } from "./race_words.js";

const symbol = (text, sub) => element("span", {}, element("i", {}, text), element("sub", {}, sub));
const figure = (picture, ...caption) =>
  element("figure", {}, picture.node, element("figcaption", {}, ...caption));

export function createLane(name) {
  const [mark, title, spoken] = LANES[name];
  const guess = createPicture(`The guess of ${spoken}`);
  const noisy = createPicture(`What ${spoken} stands on`);
  const gap = createPicture(`The guess of ${spoken} less the network’s`);
  const measures = element("dl", {});
  const values = Object.entries(MEASURES).map(([, [word, key]]) => {
    const value = element("dd", {});
    measures.append(element("div", {}, element("dt", {}, word), value));
    return [key, value];
  });
  const head = element("p", { class: "els-race-head" });
  head.append(element("span", { class: "els-mark", "aria-hidden": "true" }, mark), ` ${title}`);
  const node = element("div", { class: "els-race-lane", role: "group", "data-lane": name, "aria-label": spoken });
  const note = (text) => element("p", { class: "els-race-note" }, text);
  // The network is the measure of the others: beside theirs stands what the numbers mean.
  const [numbers, far] =
    name === "network"
      ? [note("agreement with the network’s guess"), element("div", {}, note("difference from it"), createScale())]
      : [measures, figure(gap, "difference")];
  node.append(head, figure(guess, "guess ", symbol("x̂", "0")), numbers, far);
  node.append(figure(noisy, "noisy ", symbol("x", "t")));

  function draw({ t, x, x0Hat }, { channels, height, width }) {
    guess.draw(x0Hat, channels, height, width);
    noisy.draw(x, channels, height, width);
    guess.label(`The guess of ${spoken} at t = ${t.toFixed(2)}`);
    noisy.label(`The noisy picture on the way of ${spoken} at t = ${t.toFixed(2)}`);
  }

  function compare(difference, found, { height, width }) {
    gap.draw(coloured(difference), 3, height, width);
    const words = Object.values(MEASURES).map(([word, key]) => `${word} ${number(found[key])}`);
    gap.label(`The guess of ${spoken} less the network’s: ${words.join(", ")}`);
    for (const [key, value] of values) value.textContent = number(found[key]);
  }

  return { node, guess, draw, compare };
}
