// The explorer "weights" in words.

export function percent(weight) {
  const value = 100 * weight;
  if (value > 99.95) return ">\u00a099.9\u00a0%";
  return value < 0.1 ? "<\u00a00.1\u00a0%" : `${value.toFixed(value < 10 ? 1 : 0)}\u00a0%`;
}

export const named = ({ source, picture, images }) =>
  `${source === "training" ? "Training image" : "Held-out picture"} ${picture} of the ${images}`;

export function describe(state, { alpha, weights, best, number, collapse }) {
  const many = state.count === 1 ? "1 training image" : `${state.count} training images`;
  let own = "";
  if (state.source === "training") {
    own =
      best === state.picture
        ? ", the one under the noise,"
        : ` (the one under the noise has ${percent(weights[state.picture])})`;
  }
  const fate =
    collapse.time === null
      ? "At the smallest t here no image has over half of the weight."
      : `From t = ${collapse.time.toFixed(2)} down image ${collapse.image} has over half of the weight.`;
  return (
    `${named(state)} under noise, t = ${state.t.toFixed(2)} (ᾱ = ${alpha.toFixed(3)}), ${many}. ` +
    `The heaviest is image ${best}${own} with ${percent(weights[best])} of the weight. ` +
    `The weights are as spread as equal weights of ${number.toFixed(1)} images. ${fate}`
  );
}
