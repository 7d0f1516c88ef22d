// The explorer "machine": the noisy picture rolled around the border, and whether that commutes.

import { element } from "./picture.js";

export function rolled(values, { channels, height, width }, down, right) {
  // Pixel (i, j) moves to (i + down, j + right) on the torus.
  const moved = new Float32Array(values.length);
  for (let c = 0; c < channels; c++) {
    for (let i = 0; i < height; i++) {
      const from = (c * height + i) * width;
      const to = (c * height + ((i + down) % height)) * width;
      for (let j = 0; j < width; j++) moved[to + ((j + right) % width)] = values[from + j];
    }
  }
  return moved;
}

export function createShift({ controls, onChange }, largest) {
  // Folded away until someone opens it, or a state has a shift.
  const options = { min: 0, max: largest, step: 1 };
  const node = element("details", { class: "els-fold", "data-group": "" });
  node.append(
    element("summary", {}, "Shift the picture"),
    controls.slider("shift_rows", "Down", options),
    controls.slider("shift_columns", "To the right", options),
  );
  onChange((state) => {
    if (state.shift_rows || state.shift_columns) node.open = true;
  });
  return node;
}

export function createCommuting(pool) {
  // The largest difference between (shift, then denoise) and (denoise, then shift).
  let still = { key: "", answer: null }; // the guess for the picture where it was

  return async function gapOf(key, job, shape, x0Hat, down, right) {
    if (still.key !== key) {
      const asked = { key, answer: pool.denoise(job) };
      still = asked;
      asked.answer.then((guess) => {
        if (!guess && still === asked) still = { key: "", answer: null }; // something newer came
      });
    }
    const guess = await still.answer;
    if (!guess) return null;
    return rolled(guess, shape, down, right).reduce(
      (most, value, i) => Math.max(most, Math.abs(value - x0Hat[i])),
      0,
    );
  };
}
