// The images that an explorer has at hand, and the held-out pictures to choose from.

import { createPicture, element } from "./picture.js";

export const TRAINING = 64; // training images that an image set brings; the held-out ones follow
export const HELD_OUT = 8;
export const SIDES = { digits: 28, faces: 25 };

export function createImageSet(model) {
  let data = null;
  return function atHand() {
    // The set that the setting `images` names, or null while it is still on its way.
    const sent = model.get("pixels");
    const name = model.get("images");
    if (!sent || sent.name !== name) return null;
    if (data?.name === name) return data;
    const [, channels, height, width] = sent.shape;
    const bytes = new Uint8Array(sent.bytes.buffer, sent.bytes.byteOffset, sent.bytes.byteLength);
    const pixels = Float32Array.from(bytes, (v) => v / 127.5 - 1);
    const size = channels * height * width;
    const imageAt = (n) => pixels.subarray(n * size, (n + 1) * size);
    data = { name, pixels, size, channels, height, width, imageAt };
    return data;
  };
}

export function createThumbs({ controls, place }, spoken = (k) => `held-out picture ${k}`) {
  // A radio button with a small picture for each held-out one; the setting `picture` holds it.
  // `draw` may start at another image of the set, and `allow` leaves only the first few to choose.
  const thumbs = element("fieldset", { class: "els-thumbs" });
  thumbs.append(element("legend", {}, "Picture under the noise"));
  const row = element("div", { class: "els-thumb-row" });
  const pictures = [...Array(HELD_OUT).keys()].map((k) => {
    const picture = createPicture("");
    picture.canvas.setAttribute("aria-hidden", "true");
    row.append(controls.radio("picture", k, spoken(k), picture.node));
    return picture;
  });
  thumbs.append(row);
  place("picture", thumbs);
  let drawn = [];
  const draw = (data, first = TRAINING) => {
    if (data === drawn[0] && first === drawn[1]) return;
    drawn = [data, first];
    const { imageAt, channels, height, width } = data;
    pictures.forEach((picture, k) => picture.draw(imageAt(first + k), channels, height, width));
  };
  const allow = (count) => {
    row.querySelectorAll("input").forEach((input, k) => (input.disabled = k >= count));
  };
  return { node: thumbs, draw, allow };
}
