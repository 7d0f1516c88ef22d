// The explorer "machine": the window under study, the heaviest candidates, and where they sit.

import { createPicture, element, windowBoxes } from "./picture.js";
import { isWhole } from "./machine_state.js";
import { copiesOf, grouped, percent } from "./machine_words.js";

export const SHOWN = 5;

function createCard() {
  const patch = createPicture("");
  const text = element("span", { class: "els-weight" });
  const bar = element("span", { class: "els-bar", "aria-hidden": "true" });
  const copies = element("span", { class: "els-copies" });
  const source = createPicture("");
  const where = element("span", { class: "els-where" });
  source.node.classList.add("els-small");
  const box = element("div", { class: "els-patch-box" }, patch.node);
  const node = element("li", {}, box, bar, text, source.node, where, copies);
  return { node, patch, text, bar, copies, source, where };
}

export function createCandidates(map) {
  const query = createPicture("Window under study");
  const compared = element("p", {});
  const asked = element("div", { class: "els-query" });
  asked.append(element("div", { class: "els-patch-box" }, query.node), compared, map);
  const cards = [...Array(SHOWN).keys()].map(createCard);
  const list = element("ol", { class: "els-cards" }, ...cards.map((card) => card.node));
  const node = element("div", { class: "els-made" }, asked, list);

  function show(state, why, imageAt, { channels, height, width }) {
    const whole = isWhole(state);
    const { windowHeight, windowWidth } = why;
    const radius = (state.patch_size - 1) / 2;
    const centre = (i) => (whole ? i : state.boundary === "zeros" ? Math.min(radius, i) : radius);
    const mark = [["pixel", centre(state.row), centre(state.column), 1, 1]];
    query.draw(why.window, channels, windowHeight, windowWidth);
    query.outline(mark);
    const things = whole ? (state.machine === "ES" ? "shifted images" : "images") : "patches";
    compared.textContent = `compared with ${grouped(why.candidates)} ${things}; heaviest first`;
    cards.forEach((card, k) => {
      // The last card is for the family of copies that has most weight in all, if there is one.
      const candidate = k === SHOWN - 1 && why.family ? why.family : why.found[k];
      card.node.classList.toggle("els-empty", !candidate);
      if (!candidate) return;
      const { image, row, column, weight, copies, values } = candidate;
      const window = whole
        ? []
        : windowBoxes("source", row, column, state.patch_size, state.boundary, height, width);
      card.patch.draw(values, channels, windowHeight, windowWidth);
      card.patch.outline(mark);
      card.patch.label(`Candidate ${k + 1}`);
      card.text.textContent = percent(weight);
      card.bar.style.setProperty("--els-share", Math.min(1, weight * copies));
      card.copies.textContent = copies > 1 ? copiesOf(candidate) : "";
      card.source.draw(imageAt(image), channels, height, width);
      card.source.outline([...window, ["pixel", row, column, 1, 1]]);
      card.source.label(`Training image ${image}, with row ${row}, column ${column} marked`);
      card.where.textContent = `image ${image}`;
    });
  }

  return { node, show };
}
