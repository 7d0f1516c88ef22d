// The reader's own training images. They stay here: no part of an address, sent nowhere but, in a
// live notebook, to its kernel.

export const SIDE = 28;
export const MOST = 8;
const AREA = SIDE * SIDE;

export function createOwn(model, onChange) {
  let planes = []; // of each image red, green and blue, 8 bits a pixel
  let starters = [];
  let touched = false; // whether they are the reader's own by now
  let made = null; // the set that they make up
  let sending = false;

  const blank = () => new Uint8Array(3 * AREA);
  const copy = (images) => images.map((image) => image.slice());

  function bytes() {
    const all = new Uint8Array(planes.length * 3 * AREA);
    planes.forEach((image, k) => all.set(image, k * 3 * AREA));
    return all;
  }

  function changed() {
    touched = true;
    made = null;
    sending = true;
    model.set("own", new DataView(bytes().buffer));
    model.save_changes();
    sending = false;
    onChange();
  }

  function receive() {
    // What Python sets, and what a notebook still holds when the figure is shown once more.
    const sent = model.get("own");
    if (sending || !sent?.byteLength) return;
    const all = new Uint8Array(sent.buffer, sent.byteOffset, sent.byteLength);
    planes = [];
    for (let k = 0; k < all.length; k += 3 * AREA) planes.push(all.slice(k, k + 3 * AREA));
    touched = true;
    made = null;
    onChange();
  }

  function edit(k, change) {
    change(planes[k]);
    changed();
  }

  return {
    bytes,
    receive,
    get touched() {
      return touched;
    },
    get count() {
      return planes.length;
    },
    greyAt: (k, place) => planes[k][place],
    // The drawings to begin with, as an image set.
    startFrom({ pixels, size }) {
      if (starters.length) return;
      for (let n = 0; n * size < pixels.length; n++) {
        const image = blank();
        for (let p = 0; p < 3 * AREA; p++) image[p] = Math.round((pixels[n * size + (p % AREA)] + 1) * 127.5);
        starters.push(image);
      }
      if (!touched) planes = copy(starters);
    },
    set() {
      if (made) return made;
      const grey = planes.every((image) =>
        image.every((value, p) => value === image[p % AREA]),
      );
      const channels = grey ? 1 : 3;
      const size = channels * AREA;
      const pixels = new Float32Array(planes.length * size);
      planes.forEach((image, k) => {
        for (let p = 0; p < size; p++) pixels[k * size + p] = image[p] / 127.5 - 1;
      });
      const imageAt = (n) => pixels.subarray(n * size, (n + 1) * size);
      const count = planes.length;
      made = { name: "own", pixels, count, size, channels, height: SIDE, width: SIDE, imageAt };
      return made;
    },
    paint(k, places, level) {
      edit(k, (image) => {
        for (const place of places) for (let c = 0; c < 3; c++) image[c * AREA + place] = level;
      });
    },
    clear: (k) => edit(k, (image) => image.fill(0)),
    invert: (k) => edit(k, (image) => image.forEach((value, p) => (image[p] = 255 - value))),
    mirror: (k) =>
      edit(k, (image) => {
        for (let start = 0; start < image.length; start += SIDE) {
          image.subarray(start, start + SIDE).reverse();
        }
      }),
    add(image = blank()) {
      planes.push(image);
      changed();
    },
    replaceAll(images) {
      planes = images;
      changed();
    },
    remove(k) {
      planes.splice(k, 1);
      changed();
    },
    restart() {
      planes = copy(starters);
      changed();
      touched = false;
    },
  };
}
