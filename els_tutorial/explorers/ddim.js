// One step of the sampler: from x at one alpha_bar to the next (deterministic DDIM). Between two
// guesses the flow is solved exactly.

export function ddimStep(x, x0Hat, now, then) {
  const shrink = Math.sqrt((1 - then) / (1 - now));
  const keep = Math.sqrt(then) - shrink * Math.sqrt(now);
  return Float32Array.from(x, (value, k) => keep * x0Hat[k] + shrink * value);
}
