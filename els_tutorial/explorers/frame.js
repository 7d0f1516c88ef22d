// What every explorer shares: labelled native controls bound to the model, a readout, reset,
// copy-link, and the state in the address.

import { addressWith, readAddress } from "./address.js";
import { element } from "./picture.js";

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

  const controls = {
    slider(name, text, { min, max, step, format = String, spoken = format, ends = [] }) {
      const id = `${prefix}-${name}`;
      const value = element("output", { for: id, class: "els-value" });
      const input = quiet(element("input", { type: "range", id, min, max: max(author), step }));
      input.addEventListener("input", () => set({ [name]: Number(input.value) }));
      refreshers.push((state) => {
        input.max = max(state);
        input.value = state[name];
        value.textContent = format(state[name]);
        input.setAttribute("aria-valuetext", spoken(state[name]));
      });
      const head = element("div", { class: "els-head" }, element("label", { for: id }, text), value);
      const rail = element("div", { class: "els-rail" }, input);
      if (ends.length) {
        const end = (shown) => element("span", { "aria-hidden": "true" }, shown);
        rail.replaceChildren(end(ends[0]), input, end(ends[1]));
      }
      return place(name, element("div", { class: "els-control" }, head, rail));
    },
    number(name, text, { min, max }) {
      const id = `${prefix}-${name}`;
      const input = quiet(element("input", { type: "number", id, min, step: 1, inputmode: "numeric" }));
      input.addEventListener("change", () => {
        const value = Math.round(Number(input.value));
        if (input.value === "" || !Number.isFinite(value)) input.value = model.get(name);
        else set({ [name]: Math.max(min, Math.min(Number(input.max), value)) });
      });
      refreshers.push((state) => {
        input.max = max(state);
        input.value = state[name];
      });
      const row = element("div", { class: "els-control els-inline" });
      row.append(element("label", { for: id }, text), input);
      return place(name, row);
    },
    choice(name, text, options) {
      const id = `${prefix}-${name}`;
      const select = quiet(element("select", { id }));
      for (const [value, shown] of options) select.append(element("option", { value }, shown));
      select.addEventListener("change", () => set({ [name]: select.value }));
      refreshers.push((state) => (select.value = state[name]));
      const row = element("div", { class: "els-control els-inline" });
      row.append(element("label", { for: id }, text), select);
      return place(name, row);
    },
    radio(name, value, spoken, ...shown) {
      const attributes = { type: "radio", name: `${prefix}-${name}`, value };
      const input = quiet(element("input", { ...attributes, "aria-label": spoken }));
      input.addEventListener("change", () => input.checked && set({ [name]: value }));
      refreshers.push((state) => (input.checked = state[name] === value));
      return element("label", { class: "els-radio" }, input, element("span", {}, ...shown));
    },
    disableWhen(name, condition) {
      const node = parts.get(name);
      refreshers.push((state) => {
        node.classList.toggle("els-off", condition(state));
        node.querySelectorAll("input, select").forEach((n) => (n.disabled = condition(state)));
      });
    },
  };

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

  function applyAddress() {
    const found = readAddress(page.id, names);
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

  function hideParts() {
    for (const [name, node] of parts) node.hidden = hidden.includes(name);
    for (const group of root.querySelectorAll("[data-group]")) {
      const inside = [...group.querySelectorAll("[data-control]")];
      group.hidden = inside.length > 0 && inside.every((node) => node.hidden);
    }
  }

  const reset = element("button", { type: "button" }, "Reset");
  reset.addEventListener("click", () => set(author));
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
      hideParts();
      onChange();
      if (page) {
        const linked = applyAddress();
        addEventListener("hashchange", applyAddress);
        if (linked && location.hash.startsWith(`#${page.id}.`)) {
          const lead = () => requestAnimationFrame(() => el.closest(".els-explorer").scrollIntoView());
          el.addEventListener("els:painted", lead, { once: true });
        }
      }
    },
    stop() {
      clearTimeout(addressTimer);
      clearTimeout(sayTimer);
      for (const [event, action] of listeners) model.off(event, action);
      removeEventListener("hashchange", applyAddress);
    },
  };
}
