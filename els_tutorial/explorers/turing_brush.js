// The explorer "turing": a brush that drops V or wipes it out, for pointer, touch and keys.

import { element } from "./picture.js";
import { SIDE, SIZES } from "./turing_steps.js";

const ARROWS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
const PACE = 4; // cells a key press
let brushes = 0;

export function createBrush(frame, picture, apply) {
  let cursor = [SIDE / 2, SIDE / 2];
  const id = `els-turing-brush-${++brushes}`;
  const select = frame.quiet(element("select", { id }));
  select.append(element("option", { value: "drop" }, "drops V"));
  select.append(element("option", { value: "wipe" }, "wipes V out"));
  const row = element("div", { class: "els-control els-inline" });
  row.append(element("label", { for: id }, "Brush"), select);
  const node = frame.place("brush", row);
  const { canvas } = picture;

  function show() {
    const [rows, columns] = SIZES[select.value];
    picture.outline([["pixel", cursor[0] - rows / 2, cursor[1] - columns / 2, rows, columns]]);
  }
  const paint = (points) => {
    if (!node.hidden) apply(select.value, points);
  };

  // All places between two events are painted, however fast the stroke.
  let last = null;
  const placeOf = (event) => {
    const box = canvas.getBoundingClientRect();
    const along = (offset, size) =>
      Math.max(0, Math.min(SIDE - 1, Math.floor((offset / size) * SIDE)));
    return [along(event.clientY - box.top, box.height), along(event.clientX - box.left, box.width)];
  };
  function stroke(event) {
    const next = placeOf(event);
    const from = last || next;
    const length = Math.max(1, ...next.map((i, axis) => Math.abs(i - from[axis])));
    const points = [...Array(length).keys()].map((k) =>
      next.map((i, axis) => Math.round(from[axis] + ((k + 1) / length) * (i - from[axis]))),
    );
    last = cursor = next;
    show();
    paint(points);
  }
  // A finger may want to scroll: it paints once it has moved sideways, or when it leaves its place.
  let finger = null; // where it came down, while nobody knows
  canvas.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    canvas.focus({ preventScroll: true });
    canvas.setPointerCapture(event.pointerId);
    last = placeOf(event);
    if (event.pointerType === "touch") finger = [event.clientX, event.clientY];
    else stroke(event);
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!last) return;
    if (finger) {
      const [across, down] = [event.clientX - finger[0], event.clientY - finger[1]].map(Math.abs);
      if (Math.max(across, down) < 6) return;
      finger = null;
      if (down > across) return lift();
    }
    stroke(event);
  });
  function lift() {
    last = finger = null;
  }
  canvas.addEventListener("pointerup", (event) => {
    if (finger) stroke(event);
    lift();
  });
  canvas.addEventListener("pointercancel", lift);

  canvas.tabIndex = 0;
  frame.quiet(canvas).addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const move = ARROWS[event.key];
    if (!move && event.key !== " " && event.key !== "Enter") return;
    event.preventDefault();
    event.stopPropagation(); // a notebook would run its cell
    const pace = event.shiftKey ? 1 : PACE;
    if (move) cursor = cursor.map((i, axis) => (i + pace * move[axis] + SIDE) % SIDE);
    show();
    if (!move) paint([cursor]);
  });
  select.addEventListener("change", show);
  show();
  return { node };
}
