// A question before the figure. The answer opens once the reader has chosen, and not sooner.

import { element } from "./picture.js";

const STEPS = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 };

export function createPrediction({ prefix, author, model, quiet, set }) {
  const node = element("div", { class: "els-predict" });

  function ask() {
    const asked = model.get("predict");
    node.replaceChildren();
    if (!asked) return;
    const { question, choices, answer, then } = asked;
    let answered = false;
    const opened = element("p", { class: "els-answer", role: "status", "aria-live": "polite" });
    const fields = element("fieldset", {}, element("legend", {}, element("b", {}, "Predict"), ` ${question}`));

    function choose(choice) {
      opened.replaceChildren(element("b", {}, `You chose: ${choice}`), ` ${answer}`);
      // The figure moves once: a reader who changes their mind may have set it since.
      if (!answered && Object.keys(then).length) set({ ...author, ...then });
      answered = true;
    }

    function onKey(event, k) {
      if (event.key === "Enter" || event.key === " ") event.stopPropagation(); // as `quiet` does
      if (event.key === "Enter") inputs[k].click();
      // To look at the choices is not to choose: until the answer is open, arrows only move on.
      const step = STEPS[event.key];
      if (answered || !step) return;
      event.preventDefault();
      inputs[(k + step + inputs.length) % inputs.length].focus();
    }

    const inputs = choices.map((choice, k) => {
      const input = quiet(element("input", { type: "radio", name: `${prefix}-predict` }));
      input.addEventListener("change", () => input.checked && choose(choice));
      input.addEventListener("keydown", (event) => onKey(event, k));
      fields.append(element("label", {}, input, element("span", {}, choice)));
      return input;
    });
    node.append(fields, opened);
  }

  ask();
  return { node, ask };
}
