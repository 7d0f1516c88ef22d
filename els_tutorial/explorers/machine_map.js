// The explorer "machine": which places of the training images a pixel is compared with, and how
// much weight each of them has.

import { createPicture, element } from "./picture.js";
import { percent, placesInWords } from "./machine_words.js";

const NEVER = -0.45; // grey
const LIGHT = [-0.9, -0.75, -0.5]; // a candidate without weight
const HEAVY = [1, 0.95, 0.75];

export function createMap() {
  const picture = createPicture("Candidate map");
  const node = element("figure", { class: "els-map" }, picture.node);
  const count = element("b");
  const key = element("span", {}, " compared; bright: heavy, grey: never");
  node.append(element("figcaption", {}, count, key));

  function show(state, why, { height, width }) {
    const { places, rows, columns } = why;
    const area = height * width;
    const values = new Float32Array(3 * area);
    const most = places.reduce((max, share) => (share > max ? share : max), 0);
    const heaviest = places.indexOf(most);
    places.forEach((share, at) => {
      // By the square root: what is light, but not nothing, shows.
      const bright = Math.sqrt(share / most);
      for (let c = 0; c < 3; c++) {
        values[c * area + at] = Number.isNaN(share)
          ? NEVER
          : LIGHT[c] + bright * (HEAVY[c] - LIGHT[c]);
      }
    });
    const many = rows.length * columns.length;
    count.textContent = `${many} ${many === 1 ? "place" : "places"}`;
    picture.draw(values, 3, height, width);
    const top = Math.min(...rows);
    const left = Math.min(...columns);
    picture.outline([
      ["source", top, left, rows.length, columns.length],
      ["pixel", state.row, state.column, 1, 1],
    ]);
    picture.label(
      `Candidate map for the pixel at row ${state.row}, column ${state.column}. ` +
        `${placesInWords(why, height)} The heaviest place, row ${Math.floor(heaviest / width)}, ` +
        `column ${heaviest % width}, has ${percent(most)} of the weight.`,
    );
  }

  return { node, show };
}
