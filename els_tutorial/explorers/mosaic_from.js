// The pixel under study: its window, the heaviest patch, and where in which training image it stands.

import { createPicture, element, windowBoxes } from "./picture.js";
import { isWhole } from "./mosaic_state.js";
import { percent, placeOf } from "./mosaic_words.js";

const grouped = (n) => String(n).replace(/\B(?=(\d{3})+$)/g, ",");

export function createFrom() {
  const query = createPicture("Window under study");
  const patch = createPicture("Heaviest candidate");
  const image = createPicture("Training image");
  const words = element("p", {});
  const which = element("span", {});
  const part = (picture, caption, kind) => {
    const box = element("div", { class: `els-patch-box els-of-${kind}` }, picture.node);
    return element("figure", {}, box, element("figcaption", {}, caption));
  };
  const node = element("div", { class: "els-from" });
  node.append(part(query, "window", "window"), part(patch, "source", "source"), part(image, which, "image"), words);

  function show(state, step, why, best, { channels, height, width, imageAt }) {
    const whole = isWhole(state);
    const { patchSize, boundary } = step.job;
    const { windowHeight, windowWidth } = why;
    const radius = (patchSize - 1) / 2;
    const centre = (i) => (whole ? i : boundary === "zeros" ? Math.min(radius, i) : radius);
    const mark = [["pixel", centre(state.row), centre(state.column), 1, 1]];
    query.draw(why.window, channels, windowHeight, windowWidth);
    query.outline(mark);
    patch.draw(best.values, channels, windowHeight, windowWidth);
    patch.outline(mark);
    const boxes = whole
      ? []
      : windowBoxes("source", best.row, best.column, patchSize, boundary, height, width);
    image.draw(imageAt(best.image), channels, height, width);
    image.outline([...boxes, ["pixel", best.row, best.column, 1, 1]]);
    which.textContent = `image ${best.image}`;
    image.label(`Training image ${best.image}, with row ${best.row}, column ${best.column} marked`);
    const things = whole ? "images" : "patches";
    const copies = best.copies > 1 ? `, which stands ${grouped(best.copies)} times alike` : "";
    words.textContent =
      `This pixel’s heaviest source is ${placeOf(state, best)}${copies}: ${percent(best.weight)} ` +
      `of ${grouped(why.candidates)} ${things}.`;
  }

  return { node, show };
}
