// The network of "reach", as `els_tutorial.explorers.reach_network` has it: the same random weights,
// the same layers, in double precision.

import { createNoise } from "./noise.js";

export const SIDE = 24;
export const MOVED = 1e-12; // rounding stays far below it, and a real change far above
const CHANNELS = 8;
const STREAMS = 64;

const silu = (v) => v / (1 + Math.exp(-v));

export function createNetwork() {
  const { noise } = createNoise();
  const area = SIDE * SIDE;

  function picture(seed) {
    return Float64Array.from(noise(seed * STREAMS, area));
  }

  function convolve(h, side, weights, channelsIn, channelsOut, circular) {
    const out = new Float64Array(channelsOut * side * side);
    let k = 0;
    for (let o = 0; o < channelsOut; o++) {
      for (let c = 0; c < channelsIn; c++) {
        for (let dy = -1; dy <= 1; dy++) {
          for (let dx = -1; dx <= 1; dx++) {
            const weight = weights[k++];
            for (let y = 0; y < side; y++) {
              let from = y + dy;
              if (circular) from = (from + side) % side;
              else if (from < 0 || from >= side) continue;
              const source = (c * side + from) * side;
              const target = (o * side + y) * side;
              const first = Math.max(0, -dx);
              const last = side - Math.max(0, dx);
              for (let x = first; x < last; x++) out[target + x] += weight * h[source + x + dx];
              if (!circular) continue;
              if (dx < 0) out[target] += weight * h[source + side - 1];
              if (dx > 0) out[target + side - 1] += weight * h[source];
            }
          }
        }
      }
    }
    return out;
  }

  function attend(h, seed, channels) {
    // For each place the mean of all values, weighted by the softmax of query times key.
    const weights = noise(seed * STREAMS + 1, 3 * channels * channels);
    const scale = Math.sqrt(channels);
    const project = (part) => {
      const out = new Float64Array(channels * area);
      for (let d = 0; d < channels; d++) {
        for (let c = 0; c < channels; c++) {
          const weight = weights[(part * channels + d) * channels + c] / scale;
          for (let i = 0; i < area; i++) out[d * area + i] += weight * h[c * area + i];
        }
      }
      return out;
    };
    const [query, key, value] = [0, 1, 2].map(project);
    const out = new Float64Array(channels * area);
    const shares = new Float64Array(area);
    for (let i = 0; i < area; i++) {
      shares.fill(0);
      for (let d = 0; d < channels; d++) {
        const asked = query[d * area + i] / scale;
        for (let j = 0; j < area; j++) shares[j] += asked * key[d * area + j];
      }
      const largest = shares.reduce((a, b) => Math.max(a, b));
      let total = 0;
      for (let j = 0; j < area; j++) total += shares[j] = Math.exp(shares[j] - largest);
      for (let d = 0; d < channels; d++) {
        let sum = 0;
        for (let j = 0; j < area; j++) sum += shares[j] * value[d * area + j];
        out[d * area + i] = sum / total;
      }
    }
    return out;
  }

  function pool(h, channels) {
    const half = SIDE / 2;
    const out = new Float64Array(channels * half * half);
    for (let c = 0; c < channels; c++) {
      for (let y = 0; y < half; y++) {
        for (let x = 0; x < half; x++) {
          const at = (c * SIDE + 2 * y) * SIDE + 2 * x;
          const sum = h[at] + h[at + 1] + h[at + SIDE] + h[at + SIDE + 1];
          out[(c * half + y) * half + x] = sum / 4;
        }
      }
    }
    return out;
  }

  function repeat(h, channels) {
    const half = SIDE / 2;
    const out = new Float64Array(channels * area);
    for (let i = 0; i < out.length; i++) {
      const row = Math.floor(i / SIDE); // of all channels, one below the other
      out[i] = h[Math.floor(row / 2) * half + Math.floor((i % SIDE) / 2)];
    }
    return out;
  }

  function run(x, { seed, depth, padding, layer }) {
    const widths = [1, ...Array(depth - 1).fill(CHANNELS), 1];
    let side = SIDE;
    const layerAt = (h, k) => {
      const [channelsIn, channelsOut] = [widths[k], widths[k + 1]];
      const drawn = noise(seed * STREAMS + 2 + k, channelsOut * channelsIn * 9);
      const weights = Float64Array.from(drawn, (v) => v / Math.sqrt(9 * channelsIn));
      return convolve(h, side, weights, channelsIn, channelsOut, padding === "circular");
    };
    const add = (a, b) => a.map((v, i) => v + b[i]);
    let h = layerAt(x, 0);
    if (layer === "attention") h = add(h, attend(h, seed, widths[1]));
    if (layer === "pooling") {
      h = pool(h, widths[1]);
      side = SIDE / 2;
    }
    for (let k = 1; k < depth - 1; k++) h = add(h, layerAt(h.map(silu), k));
    if (layer === "pooling") {
      h = repeat(h, widths[1]);
      side = SIDE;
    }
    return depth > 1 ? layerAt(h.map(silu), depth - 1) : h;
  }

  function roll(x, shift) {
    const out = new Float64Array(area);
    for (let y = 0; y < SIDE; y++) {
      for (let z = 0; z < SIDE; z++) {
        out[((y + shift) % SIDE) * SIDE + ((z + shift) % SIDE)] = x[y * SIDE + z];
      }
    }
    return out;
  }

  function pictures(state) {
    // The picture that goes in, what comes out, and how far each output moves or differs.
    const x = picture(state.seed);
    const before = run(x, state);
    const shifted = state.test === "shift";
    const input = shifted ? roll(x, state.shift) : x;
    if (!shifted) input[state.row * SIDE + state.column] += 1;
    const output = run(input, state);
    const other = shifted ? roll(before, state.shift) : before;
    return { input, output, change: output.map((v, i) => Math.abs(v - other[i])) };
  }

  return { pictures };
}
