// The explorer "turing": the plane of kill and feed, with what theory says of each place.

import { element } from "./picture.js";
import { channels } from "./turing_draw.js";
import { PRESETS, RANGE } from "./turing_state.js";
import { kindOf } from "./turing_steps.js";

const [WIDTH, HEIGHT] = [288, 216];
const KEY = [
  ["none", "no even state with V"],
  ["even", "V stays even"],
  ["turing", "Turing's instability"],
  ["restless", "V unstable by itself"],
];

const share = (value, [low, high]) => (value - low) / (high - low);

export function createMap(root, pick) {
  const canvas = element("canvas", { role: "img", width: WIDTH, height: HEIGHT });
  const pen = canvas.getContext("2d");
  let shown = null;
  let backdrop = null;

  const kinds = new Array(WIDTH * HEIGHT);
  const at = (k, length, [low, high]) => low + ((k + 0.5) / length) * (high - low);
  for (let i = 0; i < HEIGHT; i++) {
    const feed = at(HEIGHT - 1 - i, HEIGHT, RANGE.feed);
    for (let j = 0; j < WIDTH; j++) kinds[i * WIDTH + j] = kindOf(feed, at(j, WIDTH, RANGE.kill));
  }

  function paint(colours) {
    const image = new ImageData(WIDTH, HEIGHT);
    const grey = colours.field.map((value, c) => 0.8 * value + 0.2 * colours.ink[c]);
    for (let i = 0; i < HEIGHT; i++) {
      for (let j = 0; j < WIDTH; j++) {
        const hatch = (i + j) % 6 < 2 ? colours.ink : colours.field;
        const own = { none: colours.field, even: grey, turing: colours.turing, restless: hatch };
        image.data.set([...own[kinds[i * WIDTH + j]], 255], 4 * (i * WIDTH + j));
      }
    }
    return image;
  }

  const place = (feed, kill) => [
    WIDTH * share(kill, RANGE.kill),
    HEIGHT * (1 - share(feed, RANGE.feed)),
  ];

  function draw() {
    const styles = getComputedStyle(root);
    const colour = (name) => styles.getPropertyValue(name).trim();
    backdrop ??= paint({
      field: channels(colour("--els-field")),
      ink: channels(colour("--els-ink")),
      turing: channels(colour("--els-point-F")),
    });
    pen.putImageData(backdrop, 0, 0);
    Object.assign(pen, { font: "600 15px sans-serif", textAlign: "center", textBaseline: "middle" });
    for (const [letter, , feed, kill] of PRESETS) {
      const [x, y] = place(feed, kill);
      Object.assign(pen, { lineWidth: 4, strokeStyle: colour("--els-field"), fillStyle: colour("--els-ink") });
      pen.strokeText(letter, x, y);
      pen.fillText(letter, x, y);
    }
    const [x, y] = place(shown.feed, shown.kill);
    for (const [width, name] of [[7, "--els-halo"], [3, "--els-pixel"]]) {
      Object.assign(pen, { lineWidth: width, strokeStyle: colour(name) });
      pen.beginPath();
      pen.arc(x, y, 11, 0, 2 * Math.PI);
      pen.stroke();
    }
  }

  canvas.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    const box = canvas.getBoundingClientRect();
    const along = (part, [low, high]) => low + Math.max(0, Math.min(1, part)) * (high - low);
    pick({
      feed: along(1 - (event.clientY - box.top) / box.height, RANGE.feed),
      kill: along((event.clientX - box.left) / box.width, RANGE.kill),
    });
  });

  const key = element("ul", { class: "els-turing-key" });
  for (const [name, text] of KEY) {
    key.append(element("li", {}, element("span", { class: `els-kind-${name}` }), text));
  }
  const across = element("p", { class: "els-turing-axes" });
  across.append(element("span", {}, "↑ feed"), element("span", {}, "kill →"));
  const plane = element("div", {}, canvas, across);
  const node = element("div", { class: "els-turing-map" }, plane, key);
  return {
    node,
    refresh: () => (backdrop = null),
    show(state) {
      shown = state;
      canvas.setAttribute(
        "aria-label",
        `Map of kill, from left to right, and feed, upwards. The ring stands at kill ` +
          `${state.kill.toFixed(4)}, feed ${state.feed.toFixed(4)}; letters mark the named patterns.`,
      );
      draw();
    },
  };
}
