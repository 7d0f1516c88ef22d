// The page that makes links to figures: choose a figure, set it up, hide what should not be seen.
// Everything happens in this page. The figure stands in a frame and tells its state by messages,
// since pages read from a disk may not look into one another.

(() => {
  "use strict";
  const root = document.querySelector(".els-links");
  if (!root) return;
  const { figures, embed } = JSON.parse(root.dataset.figures);
  const names = Object.keys(figures);

  function make(tag, attributes = {}, ...children) {
    const node = document.createElement(tag);
    for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
    node.append(...children);
    return node;
  }
  const labelled = (text, node) => make("label", {}, make("span", {}, text), node);
  const options = (pairs) => pairs.map(([value, text]) => make("option", { value }, text));

  const figure = make("select", {}, ...options(names.map((name) => [name, name])));
  const place = make("select");
  const hide = make("fieldset");
  const frame = make("iframe", { title: "The figure, to set up", height: "900" });
  const address = make("input", { type: "url", spellcheck: "false" });
  const link = make("textarea", { readonly: "", rows: "3", spellcheck: "false" });
  const snippet = make("textarea", { readonly: "", rows: "4", spellcheck: "false" });
  const code = make("div", { class: "els-code" });
  const said = make("p", { role: "status" });

  const here = new URL(embed, document.baseURI); // .../_static/explorers/embed/
  address.value = new URL("../../../", here).href;

  let hash = ""; // the figure's own part of the address, without what is hidden
  let height = 900;
  let drawn = null; // the link that the code shows

  const chosen = () => figures[figure.value];
  const hidden = () => [...hide.querySelectorAll("input:checked")].map((box) => box.value);

  function parts(text) {
    const pairs = text.replace(/^#/, "").split("&").filter(Boolean).map((part) => part.split("="));
    const own = `${figure.value}.`;
    const mine = pairs.filter(([key]) => decodeURIComponent(key).startsWith(own));
    return Object.fromEntries(
      mine.map(([key, value = ""]) => [decodeURIComponent(key).slice(own.length), value])
    );
  }

  // A figure in a chapter begins in a state of its own: name all that differs from that.
  function stateFor(where) {
    const set = parts(hash);
    const state = {};
    for (const [name, usual] of Object.entries(chosen().state)) {
      const value = set[name] ?? encodeURIComponent(usual).replaceAll("%2C", ",");
      const begins = encodeURIComponent((where?.state ?? chosen().state)[name]);
      if (value !== begins.replaceAll("%2C", ",")) state[name] = value;
    }
    return state;
  }

  function hashFor(where) {
    const id = where?.id ?? figure.value;
    const state = stateFor(where);
    if (hidden().length) state.hide = hidden().join(",");
    return Object.entries(state).map(([name, value]) => `${id}.${name}=${value}`).join("&");
  }

  function addressOf(where) {
    const path = where ? where.page : `_static/explorers/embed/${figure.value}.html`;
    const base = address.value.endsWith("/") ? address.value : `${address.value}/`;
    const state = hashFor(where);
    const page = base + path;
    return state ? `${page}#${state}` : page;
  }

  function update() {
    const where = chosen().places[place.selectedIndex - 1];
    link.value = addressOf(where);
    const frameAddress = addressOf().replaceAll("&", "&amp;");
    snippet.value =
      `<iframe src="${frameAddress}" title="Interactive figure: ${figure.value}" ` +
      `width="100%" height="${height}" ` +
      `style="border: 0; max-width: ${frame.clientWidth}px"></iframe>`;
    drawCode(link.value);
  }

  function drawCode(text) {
    if (text === drawn) return; // a figure that grows says so, and its link stays the same
    drawn = text;
    const size = 4; // modules of white around the code
    code.replaceChildren();
    let found;
    try {
      found = qrcode(0, "M");
      found.addData(text, "Byte");
      found.make();
    } catch {
      code.textContent = "This link is too long for a code. Hide less, or change less.";
      return;
    }
    const count = found.getModuleCount();
    let path = "";
    for (let row = 0; row < count; row++) {
      for (let column = 0; column < count; column++) {
        if (found.isDark(row, column)) path += `M${column + size} ${row + size}h1v1h-1z`;
      }
    }
    const across = count + 2 * size;
    const svg = (tag, attributes, ...children) => {
      const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
      for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
      node.append(...children);
      return node;
    };
    code.append(
      svg(
        "svg",
        { viewBox: `0 0 ${across} ${across}`, role: "img", "aria-label": "Code to scan: the link above" },
        svg("rect", { width: across, height: across, fill: "#fff" }),
        svg("path", { d: path, fill: "#000", "shape-rendering": "crispEdges" })
      )
    );
  }

  function show() {
    const facts = chosen();
    place.replaceChildren(
      ...options([["alone", "alone, in a page of its own"]]),
      ...options(facts.places.map((where) => [where.page, where.title]))
    );
    const boxes = facts.controls.map((name) => {
      const box = make("input", { type: "checkbox", value: name });
      return make("label", {}, box, ` ${name.replaceAll("_", " ")}`);
    });
    hide.replaceChildren(make("legend", {}, "Hide"), ...boxes);
    hash = "";
    frame.src = new URL(`${figure.value}.html`, here).href;
    update();
  }

  function hideInFrame() {
    const state = { ...stateFor() };
    state.hide = hidden().join(",");
    const text = Object.entries(state).map(([k, v]) => `${figure.value}.${k}=${v}`).join("&");
    frame.src = `${new URL(`${figure.value}.html`, here).href}#${text}`;
    update();
  }

  async function copy(from, what) {
    from.select();
    try {
      await navigator.clipboard.writeText(from.value);
      said.textContent = `${what} copied.`;
    } catch {
      said.textContent = `${what} selected: copy it with your keyboard.`;
    }
  }

  function copier(from, what) {
    const button = make("button", { type: "button" }, `Copy ${what.toLowerCase()}`);
    button.addEventListener("click", () => copy(from, what));
    return button;
  }

  addEventListener("message", (event) => {
    if (event.source !== frame.contentWindow || event.data?.els !== figure.value) return;
    if (event.data.height) frame.height = height = event.data.height;
    hash = event.data.hash;
    update();
  });
  figure.addEventListener("change", show);
  place.addEventListener("change", update);
  hide.addEventListener("change", hideInFrame);
  address.addEventListener("input", update);

  root.replaceChildren(
    labelled("Figure", figure),
    hide,
    frame,
    labelled("Opens", place),
    labelled("The book’s address", address),
    labelled("Link", link),
    copier(link, "Link"),
    code,
    labelled("Frame", snippet),
    copier(snippet, "Frame"),
    said
  );
  show();
})();
