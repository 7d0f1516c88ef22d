// Pictures with square pixels, and outlines above them.

export function element(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value === null || value === undefined) continue;
    node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children);
  return node;
}

const svg = (tag, attributes) => {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  return node;
};

export function createPicture(label, className = "") {
  // A canvas with one canvas pixel a picture pixel, and outlines above it in the same coordinates.
  const canvas = element("canvas", { role: "img", "aria-label": label });
  const overlay = svg("svg", { "aria-hidden": "true", focusable: "false" });
  const box = element("div", { class: "els-box" }, canvas);
  box.append(overlay);
  const node = element("div", { class: `els-picture ${className}` }, box);
  return {
    node,
    canvas,
    label: (text) => canvas.setAttribute("aria-label", text),
    draw(values, channels, height, width) {
      if (canvas.width !== width || canvas.height !== height) {
        canvas.width = width;
        canvas.height = height;
        box.style.setProperty("--els-columns", width);
        box.style.setProperty("--els-rows", height);
        overlay.setAttribute("viewBox", `0 0 ${width} ${height}`);
      }
      const area = height * width;
      const data = new ImageData(width, height);
      for (let i = 0; i < area; i++) {
        for (let c = 0; c < 3; c++) {
          // -1 is black, +1 is white; the array clamps what noise throws beyond them.
          data.data[4 * i + c] = (values[(channels === 1 ? 0 : c) * area + i] + 1) * 127.5;
        }
        data.data[4 * i + 3] = 255;
      }
      canvas.getContext("2d").putImageData(data, 0, 0);
    },
    outline(boxes) {
      // Each box is [kind, row, column, height, width]; a dark halo keeps it visible on any grey.
      const rects = [];
      for (const halo of [true, false]) {
        for (const [kind, y, x, height, width] of boxes) {
          rects.push(svg("rect", { x, y, width, height, class: halo ? "els-halo" : `els-${kind}` }));
        }
      }
      overlay.replaceChildren(...rects);
    },
  };
}

export function windowBoxes(kind, row, column, patchSize, boundary, height, width) {
  // A window as boxes inside the picture: cut off at a border, or wrapped around a torus.
  const radius = (patchSize - 1) / 2;
  if (boundary === "zeros") {
    const top = Math.max(0, row - radius);
    const left = Math.max(0, column - radius);
    const bottom = Math.min(height, row + radius + 1);
    const right = Math.min(width, column + radius + 1);
    return [[kind, top, left, bottom - top, right - left]];
  }
  const starts = (i, length) =>
    [-length, 0, length]
      .map((turn) => i - radius + turn)
      .filter((start) => start < length && start + patchSize > 0);
  return starts(row, height).flatMap((y) =>
    starts(column, width).map((x) => [kind, y, x, patchSize, patchSize]),
  );
}
