// Sets a page's mathematics once the page has been drawn: MathJax is 800 KB of scripts. A few
// formulas at a time, with pauses, so that the page can be scrolled and read meanwhile.

window.mathIsSet = (async () => {
  const LONGEST = 10; // ms to aim at for what is done at once
  const folder = document.currentScript.src.replace(/[^/]*$/, "mathjax");
  const pause = () => new Promise((resolve) => setTimeout(resolve));
  const drawn = () =>
    new Promise((resolve) => (window.requestIdleCallback ?? setTimeout)(resolve, { timeout: 500 }));

  async function setAll() {
    const formulas = [...document.querySelectorAll(".math")];
    for (let count = 1; formulas.length; ) {
      const start = performance.now();
      await MathJax.typesetPromise(formulas.splice(0, count));
      const rate = count / Math.max(1, performance.now() - start);
      count = Math.max(1, Math.min(2 * count, Math.floor(rate * LONGEST)));
      await pause();
    }
  }

  function load(part) {
    const script = document.createElement("script");
    script.src = `${folder}/${part}.js`;
    return new Promise((resolve, reject) => {
      Object.assign(script, { onload: resolve, onerror: reject });
      document.head.append(script);
    });
  }

  await drawn();
  MathJax.startup = { pageReady: setAll };
  await load("startup");
  await MathJax.startup.promise;
})();
