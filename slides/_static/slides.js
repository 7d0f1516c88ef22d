// Fits the live figures into their slides, and says when all is drawn, for printing.
// A figure tells its height by messages, since pages from disk may not look into one another.

(() => {
  "use strict";
  const ROOM = 688; // pixels of a slide that a figure may be high
  const frames = [...document.querySelectorAll("iframe[data-els]")];
  const painted = new Set();
  let typeset = !window.MathJax;

  function ready() {
    if (typeset && painted.size === frames.length) document.body.dataset.ready = "yes";
  }

  addEventListener("message", (event) => {
    const frame = frames.find((found) => found.contentWindow === event.source);
    if (!frame || event.data?.els !== frame.dataset.els) return;
    const { height } = event.data;
    if (height > 100) {
      frame.style.height = `${height}px`;
      frame.style.zoom = Math.min(1, ROOM / height);
    }
    if (event.data.painted) painted.add(frame);
    ready();
  });

  addEventListener("load", async () => {
    await window.MathJax?.startup?.promise;
    typeset = true;
    ready();
  });
})();
