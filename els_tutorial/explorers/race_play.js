// The button that lets the race run, step after step, and stops it. Where the reader wants less
// motion, it goes on by one step a press.

import { element } from "./picture.js";
import { LAST } from "./race_state.js";

const PACE = 350; // ms from one step to the next, at least

export function createPlay(frame, still, onPause) {
  const button = element("button", { type: "button" });
  let playing = false;
  let timer = 0;
  let own = 0; // the step that was asked for last
  let timed = 0; // the step after which the timer goes on

  function name() {
    button.textContent = still.matches ? "Next step" : playing ? "Pause" : "Play";
  }

  function stop() {
    clearTimeout(timer);
    timed = 0;
    playing = false;
    name();
  }

  function go() {
    const { step } = frame.read();
    own = step < LAST ? step + 1 : 1;
    frame.set({ step: own });
  }

  button.addEventListener("click", () => {
    if (playing) {
      stop();
      return onPause();
    }
    playing = !still.matches;
    name();
    go();
  });
  still.addEventListener("change", stop);
  name();

  return {
    node: frame.place("play", button),
    get playing() {
      return playing;
    },
    // After each change of the state: someone else may have moved the step.
    changed(state) {
      if (playing && state.step !== own) stop();
    },
    // After each step that is painted whole.
    done({ step }) {
      if (!playing) return;
      if (step >= LAST) return stop();
      if (timed === step) return;
      timed = step;
      timer = setTimeout(() => playing && go(), PACE);
    },
    stop() {
      still.removeEventListener("change", stop);
      clearTimeout(timer);
      playing = false;
    },
  };
}
