// The whole-image machines, IS and ES: one softmax for the whole picture.

export function createWholeMean({ CUT, doubledRows }) {
  function wholePartial({ kind, images, x, alpha, from, to }) {
    const { pixels, channels, height, width } = images;
    const area = height * width;
    const size = channels * area;
    const wide = 2 * width;
    const partial = { energy: new Float64Array([Infinity]), total: new Float64Array(1) };
    partial.sum = new Float64Array(size);
    const downs = kind === "ES" ? height : 1;
    const rights = kind === "ES" ? width : 1;
    const scale = 1 / (2 * (1 - alpha));
    const noisy = Float64Array.from(x);
    const energies = new Float64Array(downs * rights);
    for (let n = from; n < to; n++) {
      const values = doubledRows(pixels, n * size, channels, height, width, 1);
      const keys = doubledRows(pixels, n * size, channels, height, width, Math.sqrt(alpha));
      let lowest = Infinity;
      for (let a = 0; a < downs; a++) {
        for (let b = 0; b < rights; b++) {
          const energy = scale * distance(noisy, keys, a, b, channels, height, width);
          energies[a * rights + b] = energy;
          lowest = Math.min(lowest, energy);
        }
      }
      if (lowest < partial.energy[0]) {
        const shrink = Math.exp(lowest - partial.energy[0]);
        partial.total[0] *= shrink;
        for (let k = 0; k < size; k++) partial.sum[k] *= shrink;
        partial.energy[0] = lowest;
      }
      for (let a = 0; a < downs; a++) {
        for (let b = 0; b < rights; b++) {
          const gap = energies[a * rights + b] - partial.energy[0];
          if (gap >= CUT) continue;
          const weight = Math.exp(-gap);
          partial.total[0] += weight;
          for (let c = 0; c < channels; c++) {
            for (let i = 0; i < height; i++) {
              const own = c * area + i * width;
              const other = (c * height + ((i + a) % height)) * wide + b;
              for (let j = 0; j < width; j++) partial.sum[own + j] += weight * values[other + j];
            }
          }
        }
      }
    }
    return partial;
  }

  function distance(x, keys, a, b, channels, height, width) {
    // Between x and the picture whose pixel (i, j) is the training image's (i + a, j + b).
    const wide = 2 * width;
    let sum = 0;
    for (let c = 0; c < channels; c++) {
      for (let i = 0; i < height; i++) {
        const own = (c * height + i) * width;
        const row = i + a < height ? i + a : i + a - height;
        const other = (c * height + row) * wide + b;
        for (let j = 0; j < width; j++) {
          const d = x[own + j] - keys[other + j];
          sum += d * d;
        }
      }
    }
    return sum;
  }

  return { wholePartial };
}
