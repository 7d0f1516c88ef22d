// What every explorer shares: a question to begin with, controls bound to the model, a readout,
// reset, copy-link, and the state in the address.

import { addressWith, readAddress } from "./address.js";
import { createControls } from "./controls.js";
import { element } from "./picture.js";
import { createPrediction } from "./prediction.js";

let made = 0;

export function createFrame({ el, model, names, label, prompt, settle }) {
  const prefix = `els-${++made}`;
  const page = model.page; // only in a page of the book: {id}
  const listeners = [];
  const parts = new Map(); // name of a control -> its node
  const read = () => Object.fromEntries(names.map((name) => [name, model.get(name)]));
  const author = read();

  const title = element("p", { class: "els-prompt" }, element("b", {}, "Try this"), ` ${prompt}`);
  const body = element("div", { class: "els-body" });
  const readout = element("p", { class: "els-readout", role: "status", "aria-live": "polite" });
  const foot = element("div", { class: "els-foot" });
  const remark = element("span", { class: "els-remark", role: "status" });
  const root = element("div", { class: "els-frame", role: "group", "aria-label": label });
  root.append(title, body, readout, foot);

  function listen(event, action) {
    model.on(event, action);
    listeners.push([event, action]);
  }

  // Every change, from whatever side, leads to a state that exists.
  let previous = null;
  let settling = false;
  function onChange() {
    if (settling) return;
    const wanted = read();
    const state = settle(wanted, previous || author);
    const mended = names.filter((name) => state[name] !== wanted[name]);
    settling = true;
    for (const name of mended) model.set(name, state[name]);
    settling = false;
    if (mended.length) model.save_changes();
    if (previous && names.every((name) => state[name] === previous[name])) return;
    previous = state;
    remark.textContent = "";
    refreshers.forEach((refresh) => refresh(state));
    if (page) writeAddressSoon(state);
    changed.forEach((action) => action(state));
  }
  const refreshers = [];
  const changed = [];

  function set(values) {
    // All at once: half of a new state need not exist (a large patch before its border).
    settling = true;
    for (const [name, value] of Object.entries(values)) model.set(name, value);
    settling = false;
    onChange();
    model.save_changes();
  }

  function place(name, node) {
    node.dataset.control = name;
    parts.set(name, node);
    return node;
  }

  function quiet(input) {
    // JupyterLab would take these keys for itself.
    input.addEventListener("keydown", (event) => {
      if (/^(Arrow|Page|Home|End)/.test(event.key)) event.stopPropagation();
    });
    return input;
  }

  const tools = { prefix, author, read, set, place, parts, quiet, refreshers };
  const controls = createControls(tools);
  const prediction = createPrediction({ ...tools, model });
  root.prepend(place("predict", prediction.node));

  // ---- Address, reset, link ----

  let addressTimer = 0;
  let sayTimer = 0;
  let hidden = [...(model.get("hide") || [])];

  const differing = (state) =>
    Object.fromEntries(names.filter((n) => state[n] !== author[n]).map((n) => [n, state[n]]));

  function ownAddress(state) {
    const asked = readAddress(page.id, []).hide;
    const part = asked && location.hash.includes(`${page.id}.hide=`) ? { hide: asked } : {};
    return addressWith(page.id, { ...differing(state), ...part });
  }

  function writeAddressSoon(state) {
    clearTimeout(addressTimer);
    addressTimer = setTimeout(() => {
      const address = ownAddress(state);
      if (address !== location.href) history.replaceState(history.state, "", address);
    }, 250);
  }

  function applyAddress(address = location.href) {
    const found = readAddress(page.id, names, address);
    if (!Object.keys(found).length) return false; // a plain anchor changes nothing
    hidden = [...(model.get("hide") || []), ...(found.hide || "").split(",")];
    hideParts();
    delete found.hide;
    if (!Object.keys(found).length) return false;
    const wanted = { ...author };
    for (const [name, text] of Object.entries(found)) {
      wanted[name] = typeof author[name] === "number" ? Number(text) : text;
    }
    const state = settle(wanted, author);
    const refused = Object.keys(found).filter((name) => state[name] !== wanted[name]);
    set(state);
    const asked = refused.map((name) => `${name}=${found[name]}`).join(", ");
    if (asked) {
      remark.textContent = `The link asks for what is not there (${asked}); shown is the nearest state.`;
    }
    return true;
  }

  // Of the address that was asked for: by now the figure may have written its last state over it.
  const onHashChange = (event) => applyAddress(event.newURL);

  function hideParts() {
    for (const [name, node] of parts) node.hidden = hidden.includes(name);
    for (const group of root.querySelectorAll("[data-group]")) {
      const inside = [...group.querySelectorAll("[data-control]")];
      group.hidden = inside.length > 0 && inside.every((node) => node.hidden);
    }
  }

  const reset = element("button", { type: "button" }, "Reset");
  reset.addEventListener("click", () => {
    prediction.ask();
    set(author);
  });
  foot.append(place("reset", reset));
  if (page) {
    const link = element("button", { type: "button" }, "Copy link to this state");
    link.addEventListener("click", async () => {
      const address = ownAddress(read());
      history.replaceState(history.state, "", address);
      try {
        await navigator.clipboard.writeText(address);
        remark.textContent = "Link copied.";
      } catch {
        remark.textContent = "The link is in the address bar.";
      }
    });
    foot.append(place("link", link));
  }
  foot.append(remark);

  return {
    root,
    body,
    controls,
    place,
    quiet,
    set,
    listen,
    read,
    onChange: (action) => changed.push(action),
    say(text) {
      // Told once it settles, not at every step of a drag.
      clearTimeout(sayTimer);
      sayTimer = setTimeout(() => (readout.textContent = text), 150);
    },
    start() {
      for (const name of names) listen(`change:${name}`, onChange);
      listen("change:hide", () => {
        hidden = [...(model.get("hide") || [])];
        hideParts();
      });
      listen("change:predict", prediction.ask);
      hideParts();
      onChange();
      if (page) {
        const linked = applyAddress();
        addEventListener("hashchange", onHashChange);
        if (linked && location.hash.startsWith(`#${page.id}.`)) {
          const lead = () => requestAnimationFrame(() => el.closest(".els-explorer").scrollIntoView());
          if (el.elsResult) lead(); // painted at once
          else el.addEventListener("els:painted", lead, { once: true });
        }
      }
    },
    stop() {
      clearTimeout(addressTimer);
      clearTimeout(sayTimer);
      for (const [event, action] of listeners) model.off(event, action);
      removeEventListener("hashchange", onHashChange);
    },
  };
}
