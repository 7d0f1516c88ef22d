// The map of the sources: a colour for each of the training images that most pixels come from.

import { createPicture, element } from "./picture.js";

const LETTERS = "ABCDEFGH";
const SMALLEST = 6; // pixels of a region that gets its letter

export function giveLetters(counts, before) {
  // The eight images with most pixels, each with the letter that it had before if it had one.
  const order = counts.map((_, n) => n).filter((n) => counts[n] > 0);
  order.sort((a, b) => counts[b] - counts[a] || a - b);
  const chosen = order.slice(0, LETTERS.length);
  const given = new Map(chosen.filter((n) => before.has(n)).map((n) => [n, before.get(n)]));
  const taken = new Set(given.values());
  const free = [...LETTERS].filter((letter) => !taken.has(letter));
  for (const n of chosen) if (!given.has(n)) given.set(n, free.shift());
  return given;
}

function regions(names, height, width) {
  // Connected regions of one letter, as {letter, row, column}: their pixel nearest to their middle.
  const found = [];
  const seen = new Uint8Array(names.length);
  for (let start = 0; start < names.length; start++) {
    if (seen[start] || names[start].length > 1) continue;
    const pixels = [start];
    seen[start] = 1;
    for (let k = 0; k < pixels.length; k++) {
      const p = pixels[k];
      const row = Math.floor(p / width);
      const column = p % width;
      const next = [row && p - width, row < height - 1 && p + width, column && p - 1, column < width - 1 && p + 1];
      for (const q of next) {
        if (q === false || seen[q] || names[q] !== names[start]) continue;
        seen[q] = 1;
        pixels.push(q);
      }
    }
    if (pixels.length < SMALLEST) continue;
    const mean = (of) => pixels.reduce((sum, p) => sum + of(p), 0) / pixels.length;
    const middle = [mean((p) => Math.floor(p / width)), mean((p) => p % width)];
    const away = (p) => (Math.floor(p / width) - middle[0]) ** 2 + ((p % width) - middle[1]) ** 2;
    const centre = pixels.reduce((best, p) => (away(p) < away(best) ? p : best));
    found.push({ letter: names[start], row: Math.floor(centre / width), column: centre % width });
  }
  return found;
}

export function createMap(root) {
  const picture = createPicture("Where the pixels come from", "els-pick");
  const layer = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  layer.setAttribute("aria-hidden", "true");
  layer.classList.add("els-letters");
  picture.node.firstChild.append(layer);
  const cards = [...LETTERS].map(() => {
    const thumb = createPicture("");
    const letter = element("b", { class: "els-letter" });
    const text = element("span", {});
    const which = element("span", { class: "els-where" });
    const words = element("div", {}, letter, " ", text);
    return { node: element("li", {}, thumb.node, words, which), thumb, letter, text, which };
  });
  const list = element("ol", { class: "els-sources" }, ...cards.map((card) => card.node));
  const rest = element("p", { class: "els-rest" });
  const legend = element("div", { class: "els-legend" }, rest, list);
  let given = new Map();

  function colours() {
    const style = getComputedStyle(root);
    const read = (name) => {
      const text = style.getPropertyValue(`--els-from-${name}`).trim();
      return [1, 3, 5].map((k) => parseInt(text.slice(k, k + 2), 16) / 127.5 - 1);
    };
    return Object.fromEntries([...LETTERS, "shared", "other"].map((name) => [name, read(name)]));
  }

  function draw(view, { sources, sums, x0Hat }, data) {
    const { channels, height, width, imageAt } = data;
    const area = height * width;
    given = giveLetters(sums.counts, given);
    const names = Array.from({ length: area }, (_, p) =>
      sources.shared[p] ? "shared" : given.get(sources.image[p]) || "other",
    );
    const table = colours();
    const values = new Float32Array(3 * area);
    for (let p = 0; p < area; p++) {
      let light = 1;
      if (view === "both") {
        let sum = 0;
        for (let c = 0; c < channels; c++) sum += x0Hat[c * area + p];
        light = 0.3 + 0.7 * Math.max(0, Math.min(1, (sum / channels + 1) / 2));
      }
      for (let c = 0; c < 3; c++) values[c * area + p] = (table[names[p]][c] + 1) * light - 1;
    }
    picture.draw(values, 3, height, width);
    drawLetters(view === "letters" ? regions(names, height, width) : [], height, width);

    const shown = [...given].sort((a, b) => (a[1] < b[1] ? -1 : 1));
    cards.forEach((card, k) => {
      card.node.hidden = k >= shown.length;
      if (card.node.hidden) return;
      const [n, letter] = shown[k];
      card.thumb.draw(imageAt(n), channels, height, width);
      card.thumb.label(`Training image ${n}`);
      card.letter.textContent = letter;
      card.node.style.setProperty("--els-own", `var(--els-from-${letter})`);
      card.text.textContent = `${Math.floor((100 * sums.counts[n]) / area + 0.5)} %`;
      card.which.textContent = `no. ${n}`;
    });
    const lettered = shown.reduce((sum, [n]) => sum + sums.counts[n], 0);
    const others = sums.pixels - sums.common - lettered;
    const share = (count) => `${Math.floor((100 * count) / area + 0.5)} %`;
    const mark = (name) => element("span", { class: `els-swatch els-from-${name}`, "aria-hidden": "true" });
    rest.replaceChildren("Pixels by source: ", mark("shared"), `${share(sums.common)} alike in several images`);
    if (others) rest.append(", ", mark("other"), `${share(others)} other images`);
  }

  function drawLetters(found, height, width) {
    layer.setAttribute("viewBox", `0 0 ${width} ${height}`);
    layer.replaceChildren(
      ...found.map(({ letter, row, column }) => {
        const node = document.createElementNS("http://www.w3.org/2000/svg", "text");
        node.setAttribute("x", column + 0.5);
        node.setAttribute("y", row + 0.5);
        node.textContent = letter;
        return node;
      }),
    );
  }

  return {
    picture,
    legend,
    draw,
    forget: () => (given = new Map()),
  };
}
