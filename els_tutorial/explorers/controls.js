// Labelled native controls, each bound to one setting.

import { element } from "./picture.js";

export function createControls({ prefix, author, read, set, place, parts, quiet, refreshers }) {
  return {
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
    number(name, text, { min, max, step = 1 }) {
      const id = `${prefix}-${name}`;
      const input = quiet(element("input", { type: "number", id, min, step, inputmode: "numeric" }));
      input.addEventListener("change", () => {
        const value = Math.round(Number(input.value));
        if (input.value === "" || !Number.isFinite(value)) input.value = read()[name];
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
}
