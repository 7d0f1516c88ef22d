// The explorer "flow": the plane with its lanes, trails and particles.

import { element } from "./picture.js";
import { CELLS, REACH } from "./flow_engine.js";
import { LETTERS } from "./flow_state.js";

const SIZE = 990; // canvas pixels a side, eleven to a cell
const EVERY = 9; // cells from one letter in a lane to the next

export function createPlane(root) {
  const canvas = element("canvas", { role: "img", width: SIZE, height: SIZE });
  let shown = null; // what was drawn last
  let backdrop = null; // the lanes, drawn once for all times

  const at = (x) => (SIZE / 2) * (1 + x / REACH);
  function palette() {
    const styles = getComputedStyle(root);
    const soft = styles.getPropertyValue("--els-soft");
    const own = [...LETTERS].map((letter) => styles.getPropertyValue(`--els-point-${letter}`));
    return (goal) => (goal < 0 ? soft : own[goal]);
  }

  function drawLanes(colour, lanes) {
    const image = element("canvas", { width: SIZE, height: SIZE });
    const pen = image.getContext("2d");
    const cell = SIZE / CELLS;
    const placed = lanes.map((goal, i) => [goal, i % CELLS, Math.floor(i / CELLS)]);
    for (const [goal, column, row] of placed) {
      const [x, y] = [column * cell, row * cell];
      pen.fillStyle = colour(goal);
      pen.globalAlpha = goal < 0 ? 0.1 : 0.22;
      pen.fillRect(x, y, cell, cell);
      pen.globalAlpha = 1;
      if (column && lanes[row * CELLS + column - 1] !== goal) pen.fillRect(x - 1, y, 2, cell);
      if (row && lanes[(row - 1) * CELLS + column] !== goal) pen.fillRect(x, y - 1, cell, 2);
    }
    Object.assign(pen, { font: "600 22px sans-serif", textAlign: "center", textBaseline: "middle" });
    for (const [goal, column, row] of placed) {
      if (column % EVERY !== 4 || row % EVERY !== 4) continue;
      pen.fillStyle = colour(goal);
      pen.fillText(goal < 0 ? "–" : LETTERS[goal], (column + 0.5) * cell, (row + 0.5) * cell);
    }
    return image;
  }

  function drawParticles(pen, path, group) {
    pen.beginPath();
    for (const i of group) {
      path.forEach((x, k) => pen[k ? "lineTo" : "moveTo"](at(x[2 * i]), at(-x[2 * i + 1])));
    }
    pen.globalAlpha = 0.45;
    pen.lineWidth = 2;
    pen.stroke();
    pen.globalAlpha = 1;
    const now = path.at(-1);
    for (const i of group) circle(pen, now[2 * i], now[2 * i + 1], 6, "fill");
  }

  function circle(pen, x, y, radius, way) {
    pen.beginPath();
    pen.arc(at(x), at(-y), radius, 0, 2 * Math.PI);
    pen[way]();
  }

  function draw() {
    const { points, lanes, path, goals, alpha } = shown;
    const colour = palette();
    const pen = canvas.getContext("2d");
    backdrop ??= drawLanes(colour, lanes);
    pen.clearRect(0, 0, SIZE, SIZE);
    pen.drawImage(backdrop, 0, 0);
    Object.assign(pen, { strokeStyle: colour(-1), lineWidth: 2 });
    pen.setLineDash([8, 8]); // here points may lie
    pen.strokeRect(at(-1), at(-1), at(1) - at(-1), at(1) - at(-1));
    pen.setLineDash([]);
    for (let goal = -1; goal < points.length; goal++) {
      pen.strokeStyle = pen.fillStyle = colour(goal);
      drawParticles(pen, path, [...goals.keys()].filter((i) => goals[i] === goal));
    }
    points.forEach(([x, y], k) => {
      // Where the point has shrunk to at this time: its noisy copies lie around it.
      Object.assign(pen, { strokeStyle: colour(k), lineWidth: 4 });
      circle(pen, Math.sqrt(alpha) * x, Math.sqrt(alpha) * y, 12, "stroke");
    });
  }

  const themes = new MutationObserver(() => {
    backdrop = null;
    if (shown) draw();
  });
  themes.observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
  themes.observe(document.body, { attributes: true, attributeFilter: ["data-jp-theme-light", "class"] });

  return {
    canvas,
    show(result) {
      if (result.lanes !== shown?.lanes) backdrop = null;
      shown = result;
      draw();
      canvas.setAttribute("aria-label", `Plane with particles and points. ${result.words}`);
    },
    stop: () => themes.disconnect(),
  };
}
