// The explorer "turing": the field of V, from paper (none) to ink (much), in the page's colours.

import { createPicture } from "./picture.js";
import { SIDE } from "./turing_steps.js";

const FULL = 0.4; // V at which the colour is full
const LEVELS = 256;

export function channels(colour) {
  const hex = colour.trim().slice(1);
  const parts = hex.length === 3 ? [...hex].map((c) => c + c) : hex.match(/../g);
  return parts.map((part) => Number.parseInt(part, 16));
}

export function watchTheme(action) {
  const themes = new MutationObserver(action);
  themes.observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
  themes.observe(document.body, { attributes: true, attributeFilter: ["data-jp-theme-light", "class"] });
  return () => themes.disconnect();
}

export function createView(root) {
  const picture = createPicture("Field of V", "els-field els-pick");
  picture.draw(new Float64Array(SIDE * SIDE), 1, SIDE, SIDE);
  const pen = picture.canvas.getContext("2d");
  const pixels = new ImageData(SIDE, SIDE);
  const words = new Uint32Array(pixels.data.buffer);
  let ramp = null;

  function mix() {
    const styles = getComputedStyle(root);
    const stops = ["--els-field", "--els-point-F", "--els-ink"].map((name) =>
      channels(styles.getPropertyValue(name)),
    );
    const bytes = new Uint8ClampedArray(4 * LEVELS);
    for (let k = 0; k < LEVELS; k++) {
      const along = (2 * k) / (LEVELS - 1);
      const from = Math.min(1, Math.floor(along));
      for (let c = 0; c < 3; c++) {
        bytes[4 * k + c] = stops[from][c] + (along - from) * (stops[from + 1][c] - stops[from][c]);
      }
      bytes[4 * k + 3] = 255;
    }
    ramp = new Uint32Array(bytes.buffer);
  }

  return {
    picture,
    refresh: () => (ramp = null),
    draw(v) {
      if (!ramp) mix();
      const scale = (LEVELS - 1) / FULL;
      for (let i = 0; i < words.length; i++) words[i] = ramp[Math.min(LEVELS - 1, (v[i] * scale) | 0)];
      pen.putImageData(pixels, 0, 0);
    },
  };
}
