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

export function createThumbs({ controls, place }) {
  // A radio button with a small picture for each held-out one; the setting `picture` holds it.
  const thumbs = element("fieldset", { class: "els-thumbs" });
  thumbs.append(element("legend", {}, "Picture under the noise"));
  const row = element("div", { class: "els-thumb-row" });
  const pictures = [...Array(HELD_OUT).keys()].map((k) => {
    const picture = createPicture("");
    picture.canvas.setAttribute("aria-hidden", "true");
    row.append(controls.radio("picture", k, `held-out picture ${k}`, picture.node));
    return picture;
  });
  thumbs.append(row);
  place("picture", thumbs);
  let drawn = null;
  const draw = (data) => {
    if (data === drawn) return;
    drawn = data;
    const { imageAt, channels, height, width } = data;
    pictures.forEach((picture, k) => picture.draw(imageAt(TRAINING + k), channels, height, width));
  };
  return { node: thumbs, draw };
}
