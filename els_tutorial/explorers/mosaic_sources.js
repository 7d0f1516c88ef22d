// For each pixel the training image that it comes from; `mosaic_sources.py` is the oracle. The
// function reads nothing from outside it: its text goes into a worker too.

export function createSources() {
  function reach(length, radius, shift, circular) {
    // The first and the last pixel that may be compared with the one `shift` further on.
    if (circular || shift === 0) return [0, length - 1];
    return [Math.max(radius, radius - shift), Math.min(length, length - shift) - 1 - radius];
  }

  function begin(job) {
    const area = job.images.height * job.images.width;
    const whole = job.kind === "IS" || job.kind === "ES";
    const places = whole ? 1 : area;
    const energy = new Float64Array(places).fill(Infinity);
    return { energy, candidate: new Int32Array(places) };
  }

  function addWhole({ kind, images, x, alpha }, kinds, found, n) {
    const { pixels, channels, height, width } = images;
    const signal = Math.sqrt(alpha);
    for (let p = 0; p < kinds.each; p++) {
      // Candidate p of ES is the image rolled by (a, b), which starts at its pixel (-a, -b).
      const [a, b] = [Math.floor(p / width), p % width];
      const [down, right] = kind === "ES" ? [(height - a) % height, (width - b) % width] : [0, 0];
      let sum = 0;
      for (let row = 0; row < channels * height; row++) {
        const c = Math.floor(row / height);
        const line = ((n * channels + c) * height + (((row % height) + down) % height)) * width;
        for (let j = 0; j < width; j++) {
          const k = j + right < width ? j + right : j + right - width;
          const d = x[row * width + j] - signal * pixels[line + k];
          sum += d * d;
        }
      }
      const energy = sum / (2 * (1 - alpha)) - kinds.bonus[n * kinds.each + p];
      if (energy < found.energy[0]) {
        found.energy[0] = energy;
        found.candidate[0] = n * kinds.each + p;
      }
    }
  }

  function addPatches({ kind, images, x, alpha, patchSize, boundary }, kinds, found, n) {
    const { pixels, channels, height, width } = images;
    const { energy, candidate } = found;
    const { bonus } = kinds;
    const area = height * width;
    const radius = (patchSize - 1) / 2;
    const circular = boundary === "circular";
    const scale = 1 / (2 * (1 - alpha));
    const key = Float64Array.from({ length: channels * area }, (_, k) => Math.sqrt(alpha) * pixels[n * channels * area + k]);
    // A row of squared differences, longer by the radius at both ends; sums along each row; and sums
    // of those over the rows of a window, one of them for each pixel of a row.
    const squares = new Float64Array(width + 2 * radius + 1);
    const lines = new Float64Array((height + 2 * radius + 1) * width);
    const sums = new Float64Array(width);
    const most = kind === "LS" ? 0 : 1;
    for (let a = circular ? 0 : most * (1 - height); a <= most * (height - 1); a++) {
      const [top, bottom] = reach(height, radius, a, circular);
      if (bottom < top) continue;
      for (let b = circular ? 0 : most * (1 - width); b <= most * (width - 1); b++) {
        const [left, right] = reach(width, radius, b, circular);
        if (right < left) continue;
        lines.fill(0);
        for (let i = 0; i < height; i++) {
          const other = circular && i + a >= height ? i + a - height : i + a;
          if (other < 0 || other >= height) continue; // in no window that counts
          differences(x, key, squares, i, other, b, circular, radius, images);
          let sum = 0;
          for (let k = left; k < left + patchSize; k++) sum += squares[k];
          const out = (i + radius) * width;
          for (let j = left; j <= right; j++) {
            lines[out + j] = sum;
            sum += squares[j + patchSize] - squares[j];
          }
        }
        if (circular) {
          lines.copyWithin(0, height * width, (height + radius) * width);
          lines.copyWithin((height + radius) * width, radius * width, 2 * radius * width);
        }
        sums.fill(0);
        for (let k = top; k < top + patchSize; k++) {
          for (let j = left; j <= right; j++) sums[j] += lines[k * width + j];
        }
        const seam = Math.min(right + 1, width - b); // from here on the partner is past the border
        for (let i = top; i <= bottom; i++) {
          const row = circular && i + a >= height ? i + a - height : i + a;
          let base = n * area + row * width + b;
          const here = i * width;
          const gain = (i + patchSize) * width;
          for (let j = left; j <= right; j++) {
            if (j === seam) base -= width;
            const now = sums[j] * scale - bonus[base + j];
            if (now < energy[here + j]) {
              energy[here + j] = now;
              candidate[here + j] = base + j;
            }
            sums[j] += lines[gain + j] - lines[here + j];
          }
        }
      }
    }
  }

  function differences(x, key, squares, i, other, b, circular, radius, { channels, height, width }) {
    // The squared differences between row i of x and row `other` of the key, moved by b.
    const from = Math.max(0, -b);
    const to = Math.min(width, width - b);
    for (let c = 0; c < channels; c++) {
      const own = (c * height + i) * width;
      const line = (c * height + other) * width + b;
      if (c === 0) squares.fill(0);
      for (let j = from; j < to; j++) {
        const d = x[own + j] - key[line + j];
        squares[radius + j] += d * d;
      }
      if (!circular) continue;
      for (let j = to; j < width; j++) {
        const d = x[own + j] - key[line + j - width];
        squares[radius + j] += d * d;
      }
    }
    if (!circular) return;
    for (let k = 0; k < radius; k++) {
      squares[k] = squares[width + k];
      squares[width + radius + k] = squares[radius + k];
    }
  }

  function add(job, kinds, found, n) {
    if (job.kind === "IS" || job.kind === "ES") addWhole(job, kinds, found, n);
    else addPatches(job, kinds, found, n);
  }

  function finish({ kind, images }, kinds, found) {
    // From candidates to the first ones of their kind, pixel by pixel.
    const { height, width } = images;
    const area = height * width;
    const answer = {
      image: new Int32Array(area),
      row: new Int32Array(area),
      column: new Int32Array(area),
      shared: new Uint8Array(area),
    };
    for (let p = 0; p < area; p++) {
      const number = kinds.of[found.candidate[found.candidate.length === 1 ? 0 : p]];
      const first = kinds.first[number];
      const place = first % kinds.each;
      answer.image[p] = Math.floor(first / kinds.each);
      let row = Math.floor(place / width);
      let column = place % width;
      if (kind === "IS") [row, column] = [Math.floor(p / width), p % width];
      if (kind === "ES") {
        row = (Math.floor(p / width) - row + height) % height;
        column = ((p % width) - column + width) % width;
      }
      answer.row[p] = row;
      answer.column[p] = column;
      answer.shared[p] = kinds.several[number];
    }
    return answer;
  }

  return { begin, add, finish };
}
