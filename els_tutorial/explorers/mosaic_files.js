// Pictures that a reader chooses or drops: read, cut square and made small, here in the page.

import { SIDE } from "./mosaic_own.js";

export const readPicture = async (file, colour) => {
  // Resolves to three planes of 8 bits, cut from the middle; rejects what is no picture.
  const whole = await createImageBitmap(file);
  const side = Math.min(whole.width, whole.height);
  const left = Math.floor((whole.width - side) / 2);
  const top = Math.floor((whole.height - side) / 2);
  const size = { resizeWidth: SIDE, resizeHeight: SIDE, resizeQuality: "high" };
  const small = await createImageBitmap(whole, left, top, side, side, size); // off the main thread
  whole.close();
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = SIDE;
  const context = canvas.getContext("2d");
  context.fillStyle = "#fff"; // what is transparent lies on white paper
  context.fillRect(0, 0, SIDE, SIDE);
  context.drawImage(small, 0, 0);
  small.close();
  const { data } = context.getImageData(0, 0, SIDE, SIDE);
  const area = SIDE * SIDE;
  const planes = new Uint8Array(3 * area);
  for (let p = 0; p < area; p++) {
    const [red, green, blue] = data.subarray(4 * p, 4 * p + 3);
    const grey = Math.round(0.299 * red + 0.587 * green + 0.114 * blue);
    planes.set([colour ? red : grey], p);
    planes.set([colour ? green : grey], area + p);
    planes.set([colour ? blue : grey], 2 * area + p);
  }
  return planes;
};

export const readPictures = async (files, colour, room) => {
  // {images, said}: those that could be read and for which there is room, and what became of them.
  const images = [];
  const unread = [];
  const left = [];
  for (const file of files) {
    if (images.length === room) {
      left.push(file.name);
      continue;
    }
    try {
      images.push(await readPicture(file, colour));
    } catch {
      unread.push(file.name);
    }
  }
  const said = [];
  const list = (names) => names.map((name) => `“${name}”`).join(", ");
  if (images.length) said.push(`Added ${images.length} ${images.length === 1 ? "picture" : "pictures"}.`);
  if (unread.length) said.push(`${list(unread)}: no picture that this browser can read.`);
  if (left.length) said.push(`No room for ${list(left)}: remove a drawing first.`);
  return { images, said: said.join(" ") };
};
