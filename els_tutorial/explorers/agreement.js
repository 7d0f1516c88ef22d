// Three measures of agreement between two pictures, kept apart (see comparison.py).

const FLAT = 0.01; // a picture whose standard deviation is less has no shape to compare

function centred(picture) {
  const mean = picture.reduce((sum, value) => sum + value, 0) / picture.length;
  return Float64Array.from(picture, (value) => value - mean);
}

const dot = (a, b) => a.reduce((sum, value, k) => sum + value * b[k], 0);

export function agreement(prediction, target) {
  // {r, squared, explained}: Pearson's r, its square, and 1 - SSE / SST; null where undefined.
  const p = centred(prediction);
  const q = centred(target);
  const total = dot(q, q);
  const error = Float64Array.from(prediction, (value, k) => value - target[k]);
  const flat = Math.sqrt(dot(p, p) / p.length) < FLAT;
  const r = flat || total === 0 ? null : dot(p, q) / Math.sqrt(dot(p, p) * total);
  return { r, squared: r === null ? null : r * r, explained: total === 0 ? null : 1 - dot(error, error) / total };
}
