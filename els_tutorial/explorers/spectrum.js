// Power spectra of square pictures [C * side * side], ring by ring, as in `noising.py`.

const cyclesOf = (k, side) => (k <= (side - 1) / 2 ? k : k - side);

export function ringsOf(side) {
  // How many cycles across the picture each Fourier coefficient has, rounded (halves to even: a
  // half cannot occur, since the square of one is no sum of two whole squares).
  const rings = new Int32Array(side * side);
  for (let u = 0; u < side; u++) {
    for (let v = 0; v < side; v++) {
      rings[u * side + v] = Math.round(Math.hypot(cyclesOf(u, side), cyclesOf(v, side)));
    }
  }
  return rings;
}

function transform(re, im, side, sign) {
  // The discrete Fourier transform, rows first, then columns; written out, for pictures are small.
  const cos = Float64Array.from({ length: side }, (_, k) => Math.cos((2 * Math.PI * k) / side));
  const sin = Float64Array.from({ length: side }, (_, k) => sign * Math.sin((2 * Math.PI * k) / side));
  for (const [step, next] of [[1, side], [side, 1]]) {
    const lineRe = new Float64Array(side);
    const lineIm = new Float64Array(side);
    for (let line = 0; line < side; line++) {
      const from = line * next;
      for (let k = 0; k < side; k++) {
        let sumRe = 0;
        let sumIm = 0;
        for (let j = 0; j < side; j++) {
          const turn = (j * k) % side;
          const a = re[from + j * step];
          const b = im[from + j * step];
          sumRe += a * cos[turn] - b * sin[turn];
          sumIm += a * sin[turn] + b * cos[turn];
        }
        lineRe[k] = sumRe;
        lineIm[k] = sumIm;
      }
      for (let k = 0; k < side; k++) {
        re[from + k * step] = lineRe[k];
        im[from + k * step] = lineIm[k];
      }
    }
  }
}

function channelsOf(picture, side) {
  const area = side * side;
  return [...Array(picture.length / area).keys()].map((c) => {
    const re = Float64Array.from(picture.subarray(c * area, (c + 1) * area));
    const im = new Float64Array(area);
    transform(re, im, side, -1);
    return [re, im];
  });
}

export function radialPower(picture, side) {
  const rings = ringsOf(side);
  const count = Math.floor(side / 2) + 1;
  const sums = new Float64Array(count);
  const sizes = new Float64Array(count);
  for (const [re, im] of channelsOf(picture, side)) {
    for (let k = 0; k < rings.length; k++) {
      if (rings[k] >= count) continue; // a corner of the Fourier plane
      sums[rings[k]] += (re[k] ** 2 + im[k] ** 2) / (side * side);
      sizes[rings[k]] += 1;
    }
  }
  return sums.map((sum, ring) => sum / sizes[ring]);
}

export function crossing(power, floor) {
  // The last ring that reaches the floor (or -1), and where the line to the next one meets it.
  const last = power.findLastIndex((value) => value >= floor);
  if (last < 1) return { ring: last, frequency: null };
  if (last === power.length - 1) return { ring: last, frequency: last };
  const share = Math.log(power[last] / floor) / Math.log(power[last] / power[last + 1]);
  return { ring: last, frequency: last * ((last + 1) / last) ** share };
}

export function coarsePart(picture, side, ring) {
  // The picture without the detail that has more cycles across than `ring`.
  const rings = ringsOf(side);
  const all = ring >= Math.floor(side / 2);
  const parts = channelsOf(picture, side).map(([re, im]) => {
    for (let k = 0; k < rings.length; k++) if (!all && rings[k] > ring) re[k] = im[k] = 0;
    transform(re, im, side, 1);
    return re.map((value) => value / (side * side));
  });
  return Float32Array.from(parts.flatMap((part) => [...part]));
}
