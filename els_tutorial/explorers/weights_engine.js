// The ideal score's weights of the training images along one noise, and what they amount to.

export function weightsAlong(truth, grain, imageAt, count) {
  // A function from alpha_bar to the weights. With r = sqrt(alpha_bar / (1 - alpha_bar)) the logit of
  // image y is -r² |x0 - y|² / 2 - r (x0 - y)·noise, up to what all y share: two numbers an image.
  const gaps = new Float64Array(count);
  const drifts = new Float64Array(count);
  for (let n = 0; n < count; n++) {
    const image = imageAt(n);
    for (let k = 0; k < truth.length; k++) {
      const apart = truth[k] - image[k];
      gaps[n] += apart * apart;
      drifts[n] += apart * grain[k];
    }
  }
  return (alpha) => {
    const ratio = Math.sqrt(alpha / (1 - alpha));
    const logits = gaps.map((gap, n) => (-ratio * ratio * gap) / 2 - ratio * drifts[n]);
    const highest = Math.max(...logits);
    const terms = logits.map((logit) => Math.exp(logit - highest));
    const total = terms.reduce((sum, term) => sum + term, 0);
    return terms.map((term) => term / total);
  };
}

export function meanImage(weights, imageAt, size) {
  const mean = new Float64Array(size);
  weights.forEach((weight, n) => {
    const image = imageAt(n);
    for (let k = 0; k < size; k++) mean[k] += weight * image[k];
  });
  return Float32Array.from(mean);
}

export function effectiveNumber(weights) {
  let entropy = 0;
  for (const weight of weights) if (weight > 0) entropy -= weight * Math.log(weight);
  return Math.exp(entropy);
}

export function heaviestFirst(weights) {
  // Indices; equal weights keep their order.
  return [...weights.keys()].sort((a, b) => weights[b] - weights[a]);
}

export function collapseOf(path, times) {
  // The last of the rising times up to which one and the same image always has over half, and that
  // image; nulls if there is none.
  const [image] = heaviestFirst(path[0]);
  const undecided = path.findIndex((weights) => !(weights[image] > 0.5));
  const decided = undecided < 0 ? times.length : undecided;
  return decided ? { time: times[decided - 1], image } : { time: null, image: null };
}
