// The explorer "turing": patterns by name.

import { element } from "./picture.js";
import { PRESETS } from "./turing_state.js";

let figures = 0;

export function createPresets(frame, begin) {
  const id = `els-turing-preset-${++figures}`;
  const select = frame.quiet(element("select", { id }));
  for (const [letter, name] of PRESETS) {
    select.append(element("option", { value: letter }, `${letter} · ${name}`));
  }
  select.append(element("option", { value: "", disabled: true }, "your own"));
  select.addEventListener("change", () => {
    const [, , feed, kill, start] = PRESETS.find(([letter]) => letter === select.value);
    begin({ feed, kill, start });
  });
  const row = element("div", { class: "els-control els-inline" });
  row.append(element("label", { for: id }, "Pattern"), select);
  frame.onChange(({ feed, kill, start }) => {
    const found = PRESETS.find(([, , f, k, from]) => f === feed && k === kill && from === start);
    select.value = found ? found[0] : "";
  });
  return frame.place("preset", row);
}
