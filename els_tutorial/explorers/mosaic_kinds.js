// Candidates that are the same in every pixel count as one: which are, and how many of each there
// are. The function reads nothing from outside it: its text goes into a worker too.

export function createKinds() {
  function levels({ pixels, channels, height, width }, n) {
    // An image in 8 bits, counted from 1: what lies outside it is 0, and told from black.
    const size = channels * height * width;
    return Int32Array.from({ length: size }, (_, k) => Math.round((pixels[n * size + k] + 1) * 127.5) + 1);
  }

  function mark(values, [down, right], before, circular, { channels, height, width }, [step, turn]) {
    // 32 bits for what stands in each pixel's window: along its rows first, then down.
    const area = height * width;
    const found = new Int32Array(area);
    const across = new Int32Array(area);
    for (let c = 0; c < channels; c++) {
      for (let p = 0; p < area; p++) {
        const line = c * area + p - (p % width);
        let sum = 0;
        for (let d = 0; d < right; d++) {
          let k = (p % width) - before[1] + d;
          if (circular) k = (k + width) % width;
          sum = (Math.imul(sum, step) + (k >= 0 && k < width ? values[line + k] : 0)) | 0;
        }
        across[p] = sum;
      }
      for (let p = 0; p < area; p++) {
        let sum = found[p];
        for (let d = 0; d < down; d++) {
          let k = Math.floor(p / width) - before[0] + d;
          if (circular) k = (k + height) % height;
          const value = k >= 0 && k < height ? across[k * width + (p % width)] : 0;
          sum = (Math.imul(sum ^ (sum >>> 15), turn) + value) | 0;
        }
        found[p] = sum;
      }
    }
    return found;
  }

  function beginKinds({ kind, images, count }) {
    // `of` numbers the contents of candidate (image, row, column). Then for each number: how many
    // copies there are, which candidate is the first, and whether they stand in several images.
    const each = kind === "IS" ? 1 : images.height * images.width; // candidates of an image
    const of = new Int32Array(count * each);
    return { each, of, copies: [], first: [], several: [], known: new Map() };
  }

  function addKinds({ kind, images, patchSize, boundary }, kinds, n) {
    const { height, width } = images;
    const { each, of, copies, first, several, known } = kinds;
    const whole = kind === "IS" || kind === "ES";
    const circular = whole || boundary === "circular";
    const radius = whole ? 0 : (patchSize - 1) / 2;
    const size = whole ? [height, width] : [patchSize, patchSize];
    const values = levels(images, n);
    const [one, two] = [
      [0x01000193, 0x2c1b3c6d],
      [0x1e3779b1, 0x35ebca77],
    ].map((factors) => mark(values, size, [radius, radius], circular, images, factors));
    // With zero borders, alike are only windows that the border cuts alike.
    const cut = (i, length) => (circular || (i >= radius && i < length - radius) ? length : i);
    for (let p = 0; p < each; p++) {
      // Candidate p of ES is the image rolled by (a, b): what stands there starts at its (-a, -b).
      const [a, b] = [Math.floor(p / width), p % width];
      const at = kind === "ES" ? ((height - a) % height) * width + ((width - b) % width) : p;
      const own = cut(a, height) * 64 + cut(b, width);
      const key = `${one[at]},${two[at]},${kind === "LS" ? p : own}`;
      let number = known.get(key);
      if (number === undefined) {
        number = copies.length;
        known.set(key, number);
        copies.push(0);
        first.push(n * each + p);
        several.push(0);
      }
      copies[number] += 1;
      if (Math.floor(first[number] / each) !== n) several[number] = 1;
      of[n * each + p] = number;
    }
  }

  function finishKinds(kinds) {
    kinds.bonus = Float64Array.from(kinds.of, (number) => Math.log(kinds.copies[number]));
    kinds.known = null;
    return kinds;
  }

  return { beginKinds, addKinds, finishKinds };
}
