// The editor of the reader's own training images: a pen for pointer, touch and keys, and pictures.

import { readPictures } from "./mosaic_files.js";
import { MOST, SIDE } from "./mosaic_own.js";
import { createPicture, element } from "./picture.js";

const ARROWS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
const SHADES = { white: 255, grey: 128, black: 0 };
let groups = 0;

const shadeOf = (level) => (level < 64 ? "black" : level < 192 ? "grey" : "white");
const inside = (i) => Math.max(0, Math.min(SIDE - 1, i));

function choices(legend, options, pick, frame) {
  // A group of radio buttons that are no setting of the figure.
  const name = `els-own-${++groups}`;
  const group = element("fieldset", { class: "els-choices" }, element("legend", {}, legend));
  const inputs = options.map(([spoken, ...shown], k) => {
    const input = frame.quiet(element("input", { type: "radio", name, "aria-label": spoken }));
    input.addEventListener("change", () => input.checked && pick(k));
    group.append(element("label", { class: "els-radio" }, input, element("span", {}, ...shown)));
    return input;
  });
  return { group, inputs };
}

export function createEditor(frame, own) {
  let selected = 0;
  let cursor = [SIDE / 2, SIDE / 2];
  let shade = "white";

  const note = element("p", { class: "els-own-note" });
  const canvas = createPicture("", "els-paper");
  const at = element("p", { class: "els-own-at", role: "status" });
  const said = element("p", { class: "els-own-said", role: "status" });

  // Which drawing
  const thumbs = [...Array(MOST).keys()].map(() => createPicture(""));
  thumbs.forEach(({ canvas: thumb }) => thumb.setAttribute("aria-hidden", "true"));
  const select = (k) => {
    selected = k;
    show();
  };
  const spoken = thumbs.map((thumb, k) => [`training image ${k}`, thumb.node]);
  const tabs = choices("Your training images", spoken, select, frame);
  tabs.group.classList.add("els-own-tabs");

  // The pen
  const shades = Object.keys(SHADES);
  const pens = choices("Pen", shades.map((name) => [name, name]), (k) => (shade = shades[k]), frame);
  pens.inputs[0].checked = true;
  const width = frame.quiet(element("select", {}));
  for (const size of [1, 2, 3]) width.append(element("option", { value: size }, `${size}`));
  width.value = 2;
  width.addEventListener("change", () => show());
  const widthLabel = element("label", { class: "els-inline" }, "Pen width ", width);

  function brush([row, column]) {
    // The rows and the columns under the pen, which may be cut off at the border.
    const size = Number(width.value);
    const span = (i) => {
      const from = i - Math.floor((size - 1) / 2);
      return [Math.max(0, from), Math.min(SIDE, from + size)];
    };
    return [span(row), span(column)];
  }

  function paintAt(points) {
    const places = [];
    for (const point of points) {
      const [[top, bottom], [left, right]] = brush(point);
      for (let i = top; i < bottom; i++) for (let j = left; j < right; j++) places.push(i * SIDE + j);
    }
    own.paint(selected, places, SHADES[shade]);
  }

  // Pointer and touch: all places between two events are painted, however fast the stroke.
  const paper = canvas.canvas;
  let last = null;
  const placeOf = (event) => {
    const box = paper.getBoundingClientRect();
    const along = (offset, size) => inside(Math.floor((offset / size) * SIDE));
    return [along(event.clientY - box.top, box.height), along(event.clientX - box.left, box.width)];
  };
  const stroke = (event) => {
    const next = placeOf(event);
    const length = Math.max(1, ...next.map((i, axis) => Math.abs(i - last[axis])));
    const points = [...Array(length).keys()].map((k) =>
      next.map((i, axis) => Math.round(last[axis] + ((k + 1) / length) * (i - last[axis]))),
    );
    last = cursor = next;
    paintAt(points);
  };
  paper.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    paper.setPointerCapture(event.pointerId);
    paper.focus({ preventScroll: true });
    last = placeOf(event);
    stroke(event);
  });
  paper.addEventListener("pointermove", (event) => last && stroke(event));
  for (const end of ["pointerup", "pointercancel"]) paper.addEventListener(end, () => (last = null));

  // Keys
  paper.tabIndex = 0;
  frame.quiet(paper).addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const move = ARROWS[event.key];
    if (!move && event.key !== " " && event.key !== "Enter") return;
    event.preventDefault();
    event.stopPropagation(); // a notebook would run its cell
    if (move) cursor = cursor.map((i, axis) => inside(i + move[axis]));
    if (!move || event.shiftKey) paintAt([cursor]);
    else show();
  });

  // Whole drawings
  const button = (text, action) => {
    const node = element("button", { type: "button" }, text);
    node.addEventListener("click", () => {
      said.textContent = "";
      action();
    });
    return node;
  };
  const add = button("Add", () => {
    selected = own.count;
    own.add();
  });
  const remove = button("Remove", () => {
    const gone = selected;
    selected = Math.max(0, Math.min(selected, own.count - 2));
    own.remove(gone);
  });
  const buttons = element("div", { class: "els-buttons" });
  buttons.append(add, remove, button("Clear", () => own.clear(selected)));
  buttons.append(button("Invert", () => own.invert(selected)));
  buttons.append(button("Mirror", () => own.mirror(selected)));
  buttons.append(
    button("Starter drawings", () => {
      selected = 0;
      own.restart();
      show();
    }),
  );

  // Pictures
  const colour = element("input", { type: "checkbox" });
  const files = element("input", { type: "file", accept: "image/*", multiple: true });
  async function take(list) {
    said.textContent = "Reading…";
    const fresh = !own.touched; // pictures take the place of the starter drawings
    const { images, said: words } = await readPictures([...list], colour.checked, fresh ? MOST : MOST - own.count);
    if (images.length) {
      selected = fresh ? 0 : own.count;
      if (fresh) own.replaceAll(images);
      else images.forEach((image) => own.add(image));
    }
    said.textContent = words;
    files.value = "";
  }
  files.addEventListener("change", () => take(files.files));
  const drop = element("div", { class: "els-drop" });
  drop.append(
    element("label", {}, "Drop pictures here, or choose them: ", files),
    element("label", {}, colour, " keep their colours"),
    said,
  );

  const node = element("div", { class: "els-own" });
  const tools = element("div", { class: "els-own-tools" }, pens.group, widthLabel, buttons);
  const desk = element("div", { class: "els-own-desk" }, element("div", {}, canvas.node, at), tools);
  node.append(tabs.group, note, desk, drop);
  for (const type of ["dragover", "drop"]) {
    node.addEventListener(type, (event) => {
      event.preventDefault(); // or the browser would leave the page for the picture
      node.classList.toggle("els-over", type === "dragover");
      if (type === "drop") take(event.dataTransfer.files);
    });
  }
  node.addEventListener("dragleave", () => node.classList.remove("els-over"));
  frame.place("draw", node);

  function show() {
    const { imageAt, channels } = own.set();
    selected = Math.max(0, Math.min(selected, own.count - 1));
    thumbs.forEach((thumb, k) => {
      const input = tabs.inputs[k];
      input.parentElement.hidden = k >= own.count;
      input.checked = k === selected;
      if (k < own.count) thumb.draw(imageAt(k), channels, SIDE, SIDE);
    });
    canvas.draw(imageAt(selected), channels, SIDE, SIDE);
    const [[top, bottom], [left, right]] = brush(cursor);
    canvas.outline([["pixel", top, left, bottom - top, right - left]]);
    const [row, column] = cursor;
    const level = shadeOf(own.greyAt(selected, row * SIDE + column));
    at.textContent = `row ${row}, column ${column}: ${level}`;
    canvas.label(
      `Training image ${selected}, to be drawn on. Arrow keys move the pen, the space bar paints, ` +
        "Shift with an arrow paints along.",
    );
    note.textContent = own.touched
      ? "They stay in this browser, and a link to this figure does not carry them."
      : "Starter drawings: draw on them, or drop in pictures. A link never carries drawings; " +
        "whoever made yours may have had others.";
    add.disabled = own.count >= MOST;
    remove.disabled = own.count <= 1;
  }

  return { node, show };
}
