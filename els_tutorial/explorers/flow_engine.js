// The flow of noise to points in a plane, under their exact score: only numbers.
//
// Many positions are one array [x, y, x, y, ...]. Python's IdealScore on images of two pixels, and
// its sampler, are the oracle.

import { createNoise } from "./noise.js";

export const COUNT = 300; // particles
export const REACH = 2.25; // the plane shows x and y from -REACH to REACH
export const CELLS = 90; // a side of the grid of starts behind the particles
const NEAR = 0.1; // a particle ends at a point if it stops within this distance of it
const SURE = 0.99; // the weight of one point from which on a particle counts as decided

export function createFlow() {
  const { noise, alphaBar } = createNoise();

  function guess(points, x, y, alpha, out) {
    // Into out: the posterior mean (two numbers) and the largest weight.
    const signal = Math.sqrt(alpha);
    const scale = 1 / (2 * (1 - alpha));
    const energies = out.energies;
    let lowest = Infinity;
    for (let k = 0; k < points.length; k++) {
      const dx = x - signal * points[k][0];
      const dy = y - signal * points[k][1];
      energies[k] = scale * (dx * dx + dy * dy);
      if (energies[k] < lowest) lowest = energies[k];
    }
    let [total, sumX, sumY] = [0, 0, 0];
    for (let k = 0; k < points.length; k++) {
      const weight = Math.exp(lowest - energies[k]);
      total += weight;
      sumX += weight * points[k][0];
      sumY += weight * points[k][1];
    }
    out.x = sumX / total;
    out.y = sumY / total;
    out.weight = 1 / total;
  }
  const room = () => ({ energies: new Float64Array(8), x: 0, y: 0, weight: 0 });

  function advance(points, positions, now, then) {
    // One step in place, from alpha_bar `now` to `then`: exact while the guess is held fixed.
    const shrink = Math.sqrt((1 - then) / (1 - now));
    const keep = Math.sqrt(then) - shrink * Math.sqrt(now);
    const mean = room();
    for (let i = 0; i < positions.length; i += 2) {
      guess(points, positions[i], positions[i + 1], now, mean);
      positions[i] = keep * mean.x + shrink * positions[i];
      positions[i + 1] = keep * mean.y + shrink * positions[i + 1];
    }
  }

  function follow(points, starts, steps) {
    // The positions at the sampler's times t = 1, 1 - 1/steps, ..., 0: an array of steps + 1.
    const path = [Float64Array.from(starts)];
    for (let k = steps; k > 0; k--) {
      const next = path.at(-1).slice();
      advance(points, next, alphaBar(k / steps), alphaBar((k - 1) / steps));
      path.push(next);
    }
    return path;
  }

  function until(points, path, t) {
    // The part of a path that is behind the particles at time t, with where they are then.
    const steps = path.length - 1;
    const done = Math.min(steps, Math.floor((1 - t) * steps + 1e-9));
    const now = path[done].slice();
    const time = (steps - done) / steps;
    if (time > t) advance(points, now, alphaBar(time), alphaBar(t));
    return [...path.slice(0, done + 1), now];
  }

  function goals(points, ends) {
    // For each end the point that it is near to; -1 for none.
    return Array.from({ length: ends.length / 2 }, (_, i) => {
      const gaps = points.map(([x, y]) => Math.hypot(ends[2 * i] - x, ends[2 * i + 1] - y));
      const least = Math.min(...gaps);
      return least <= NEAR ? gaps.indexOf(least) : -1;
    });
  }

  function lanes(points, steps) {
    // The goal of a start in each cell of the plane, row by row from the top.
    const positions = new Float64Array(2 * CELLS * CELLS);
    const middle = (i) => (i + 0.5) * ((2 * REACH) / CELLS) - REACH;
    for (let i = 0; i < CELLS * CELLS; i++) {
      positions[2 * i] = middle(i % CELLS);
      positions[2 * i + 1] = -middle(Math.floor(i / CELLS));
    }
    return goals(points, follow(points, positions, steps).at(-1));
  }

  function decided(points, positions, t) {
    const mean = room();
    let count = 0;
    for (let i = 0; i < positions.length; i += 2) {
      guess(points, positions[i], positions[i + 1], alphaBar(t), mean);
      if (mean.weight > SURE) count++;
    }
    return count;
  }

  return { starts: (seed) => noise(seed, 2 * COUNT), alphaBar, follow, until, goals, lanes, decided };
}
