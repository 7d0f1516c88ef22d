// The explorer "flow": its settings, and which values they can have.

import { settling } from "./settling.js";

export const NAMES = ["points", "steps", "t", "seed"];
export const LETTERS = "ABCDEFGH";
export const decimal = (value) => value.toFixed(2).replace("-", "−");

const hundredths = (value) => Math.round(Math.max(-1, Math.min(1, value)) * 100) / 100 + 0; // no -0

export function readPoints(text) {
  // "x,y_x,y" as pairs of numbers; null if it is no such text.
  const pairs = String(text).split("_").map((part) => part.split(","));
  const numbers = pairs.flat();
  const right =
    pairs.length <= LETTERS.length &&
    pairs.every((pair) => pair.length === 2) &&
    numbers.every((number) => number.trim() && Number.isFinite(Number(number)));
  return right ? pairs.map((pair) => pair.map(Number)) : null;
}

export const writePoints = (points) => points.map((point) => point.map(hundredths).join(",")).join("_");

export function settle(wanted, previous) {
  const { state, number, whole } = settling(wanted, previous);
  const points = readPoints(state.points);
  state.points = points ? writePoints(points) : previous.points;
  whole("steps", 1, 100);
  number("t", 0, 1);
  whole("seed", 0, 9999);
  return state;
}

export function freePlace(points) {
  // The place of a coarse grid that is farthest from every point: there a new one stands alone.
  const grid = [-0.8, -0.4, 0, 0.4, 0.8];
  const gap = ([x, y]) => Math.min(...points.map((point) => Math.hypot(x - point[0], y - point[1])));
  const places = grid.flatMap((y) => grid.map((x) => [x, y]));
  return places.reduce((best, place) => (gap(place) > gap(best) ? place : best));
}
