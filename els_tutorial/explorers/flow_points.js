// The explorer "flow": the training points, added, moved and removed by pointer, touch and keys.

import { element } from "./picture.js";
import { REACH } from "./flow_engine.js";
import { LETTERS, decimal, freePlace, readPoints, writePoints } from "./flow_state.js";

const MOVES = { ArrowUp: [0, 1], ArrowDown: [0, -1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] };

export function createPoints(frame, canvas) {
  // Each point is a button above the canvas, so that only a drag of a point keeps a page from
  // scrolling. `buttons` are for the panel.
  const add = element("button", { type: "button" }, "Add a point");
  const remove = element("button", { type: "button" });
  const buttons = frame.place("points", element("div", { class: "els-buttons" }, add, remove));
  const points = () => readPoints(frame.read().points);
  const write = (changed) => frame.set({ points: writePoints(changed) });
  let selected = 0;

  function addAt(place) {
    if (points().length === LETTERS.length) return;
    selected = points().length;
    write([...points(), place]);
  }

  function removeSelected() {
    if (points().length === 1) return;
    const rest = points().filter((_, k) => k !== selected);
    selected = Math.min(selected, rest.length - 1);
    write(rest);
  }

  function placeOf(event) {
    const box = canvas.getBoundingClientRect();
    const along = (offset, size) => (2 * REACH * offset) / size - REACH;
    return [along(event.clientX - box.left, box.width), -along(event.clientY - box.top, box.height)];
  }

  add.addEventListener("click", () => addAt(freePlace(points())));
  remove.addEventListener("click", removeSelected);
  canvas.addEventListener("click", (event) => {
    const place = placeOf(event);
    if (buttons.hidden || place.some((value) => Math.abs(value) > 1)) return;
    addAt(place);
    handles[selected].focus({ preventScroll: true });
  });

  const handles = [...LETTERS].map((letter, k) => {
    const handle = frame.quiet(element("button", { type: "button", class: "els-handle" }, letter));
    const moveTo = (place) => write(points().map((point, other) => (other === k ? place : point)));
    let pressed = false;
    handle.style.setProperty("--els-own", `var(--els-point-${letter})`);
    handle.addEventListener("focus", () => {
      selected = k;
      show();
    });
    handle.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      pressed = true;
      handle.setPointerCapture(event.pointerId);
      handle.focus({ preventScroll: true }); // not every browser gives it to a pressed button
    });
    handle.addEventListener("pointermove", (event) => pressed && moveTo(placeOf(event)));
    for (const end of ["pointerup", "pointercancel"]) {
      handle.addEventListener(end, () => (pressed = false));
    }
    handle.addEventListener("keydown", (event) => {
      if (event.altKey || event.ctrlKey || event.metaKey) return;
      const move = MOVES[event.key];
      if (!move && event.key !== "Delete" && event.key !== "Backspace") return;
      event.preventDefault();
      if (move) {
        const [x, y] = points()[k];
        const far = event.shiftKey ? 0.01 : 0.05;
        moveTo([x + far * move[0], y + far * move[1]]);
      } else {
        removeSelected();
        handles[selected].focus({ preventScroll: true });
      }
    });
    return handle;
  });

  function show() {
    const all = points();
    selected = Math.min(selected, all.length - 1);
    handles.forEach((handle, k) => {
      handle.hidden = k >= all.length;
      handle.disabled = buttons.hidden;
      if (handle.hidden) return;
      const [x, y] = all[k];
      handle.style.left = `${50 + (50 * x) / REACH}%`;
      handle.style.top = `${50 - (50 * y) / REACH}%`;
      handle.classList.toggle("els-selected", k === selected && !buttons.hidden);
      handle.setAttribute("aria-label", `${LETTERS[k]}, point at x ${decimal(x)}, y ${decimal(y)}`);
    });
    add.disabled = all.length === LETTERS.length;
    remove.disabled = all.length === 1;
    remove.textContent = `Remove point ${LETTERS[selected]}`;
  }

  // Who hides the buttons takes the points out of the reader's hands.
  const hiding = new MutationObserver(show);
  hiding.observe(buttons, { attributes: true, attributeFilter: ["hidden"] });
  return { handles, buttons, show, stop: () => hiding.disconnect() };
}
