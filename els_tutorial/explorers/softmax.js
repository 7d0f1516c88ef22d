// A softmax-weighted mean that is gathered candidate by candidate, and in parts.

export function createSoftmax() {
  // exp(-gap) for 0 <= gap < CUT, by table and Taylor: off by less than 5e-8.
  // Candidates lighter than e^-CUT of the heaviest are left out: together less than 1e-8.

  const CUT = 30;
  const STEPS = 32;
  const table = new Float64Array(CUT * STEPS + 1);
  for (let i = 0; i < table.length; i++) table[i] = Math.exp(-i / STEPS);

  function decay(gap) {
    const i = (gap * STEPS) | 0;
    const r = gap - i / STEPS;
    return table[i] * (1 - r * (1 - r * (0.5 - r / 6)));
  }

  // A partial mean holds for each place the smallest energy met so far and, relative to it, the sum
  // of the weights and of weights times values. Energy is minus the logit.

  function emptyPartial(places, channels) {
    return {
      energy: new Float64Array(places).fill(Infinity),
      total: new Float64Array(places),
      sum: new Float64Array(places * channels),
    };
  }

  function merge(partials, pixels, channels) {
    // Exact: every part is rescaled to the smallest energy of all (log-sum-exp).
    const x0Hat = new Float32Array(pixels * channels);
    const places = partials[0].energy.length; // one for whole images, else one a pixel
    for (let pixel = 0; pixel < pixels; pixel++) {
      const place = places === 1 ? 0 : pixel;
      let lowest = Infinity;
      for (const part of partials) lowest = Math.min(lowest, part.energy[place]);
      let total = 0;
      const scales = partials.map((part) => Math.exp(lowest - part.energy[place]));
      partials.forEach((part, k) => (total += scales[k] * part.total[place]));
      for (let c = 0; c < channels; c++) {
        let sum = 0;
        partials.forEach((part, k) => (sum += scales[k] * part.sum[c * pixels + pixel]));
        x0Hat[c * pixels + pixel] = sum / total;
      }
    }
    return x0Hat;
  }

  return { CUT, decay, emptyPartial, merge };
}
