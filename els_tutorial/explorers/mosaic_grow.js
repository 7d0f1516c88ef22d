// The button that lets a sample grow, step after step, and stops it.

import { element } from "./picture.js";

const PACE = 160; // ms from one step to the next, at least

export function createGrow(frame, halt) {
  const button = element("button", { type: "button" });
  let growing = false;
  let timer = 0;
  let painted = 0; // when the last step was
  let own = 0; // the step that was asked for last

  function name(waiting) {
    button.textContent = growing || waiting ? "Pause" : "Grow";
  }

  function stop() {
    clearTimeout(timer);
    growing = false;
  }

  function go(step) {
    own = step;
    frame.set({ step });
  }

  button.addEventListener("click", () => {
    if (button.textContent === "Pause") {
      stop();
      halt();
      name(false);
      return;
    }
    const { step, steps } = frame.read();
    growing = true;
    painted = 0;
    name(true);
    go(step < steps ? step + 1 : 1);
  });

  return {
    node: frame.place("grow", button),
    get growing() {
      return growing;
    },
    // After each change of the state: someone else may have moved the step.
    changed(state) {
      if (growing && state.step !== own) stop();
    },
    // After each step that is whole, and while the figure still makes those before it.
    done(state) {
      if (growing && state.step >= state.steps) stop();
      name(false);
      if (!growing) return;
      clearTimeout(timer);
      const wait = Math.max(0, PACE - (performance.now() - painted));
      timer = setTimeout(() => {
        painted = performance.now();
        if (growing) go(frame.read().step + 1);
      }, wait);
    },
    waiting: () => name(true),
    stop,
  };
}
