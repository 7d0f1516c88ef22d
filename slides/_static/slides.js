// Fits the live figures into their slides, and says when all is drawn, for printing.
// A figure tells its height by messages, since pages from disk may not look into one another.

(() => {
  "use strict";
  const [WIDE, ROOM] = [680, 650]; // pixels: a figure's width, and how high it may stand
  const frames = [...document.querySelectorAll("iframe[data-els]")];
  const painted = new Set();
  let typeset = false;
  let laidOut = !location.search.includes("print-pdf"); // to print, slides are put into pages

  function ready() {
    const all = typeset && laidOut && painted.size === frames.length;
    document.body.dataset.ready = all ? "yes" : "no";
  }

  for (const frame of frames) {
    // A frame that is moved begins anew.
    frame.addEventListener("load", () => {
      painted.delete(frame);
      frame.contentWindow.postMessage("els", "*");
    });
  }

  addEventListener("message", (event) => {
    const frame = frames.find((found) => found.contentWindow === event.source);
    if (!frame || event.data?.els !== frame.dataset.els) return;
    const { height } = event.data;
    if (height > 100) {
      const scale = Math.min(1, ROOM / height);
      Object.assign(frame.style, { height: `${height}px`, scale });
      Object.assign(frame.parentNode.style, {
        width: `${WIDE * scale}px`,
        height: `${height * scale}px`,
      });
    }
    if (event.data.painted) painted.add(frame);
    ready();
  });

  addEventListener("load", async () => {
    Reveal.on("pdf-ready", () => {
      laidOut = true;
      ready();
    });
    await window.MathJax?.startup?.promise;
    typeset = true;
    ready();
  });
})();
