// Sets a page's mathematics once the page has been drawn: MathJax is 800 KB of scripts. A few
// formulas at a time, with pauses, so that the page can be scrolled and read meanwhile.

window.mathIsSet = (async () => {
  const LONGEST = 6; // ms without a pause
  const folder = document.currentScript.src.replace(/[^/]*$/, "mathjax");
  const drawn = () =>
    new Promise((resolve) => {
      new PerformanceObserver(resolve).observe({ type: "paint", buffered: true });
      setTimeout(resolve, 3000); // a page in the background is not drawn
    });

  async function forEach(page, action) {
    let start = performance.now();
    for (const formula of page.math) {
      await MathJax._.util.Retries.handleRetriesFor(() => action(formula));
      if (performance.now() - start < LONGEST) continue;
      page.addStyleSheet(); // the glyphs that are new
      await new Promise((resolve) => setTimeout(resolve));
      start = performance.now();
    }
  }

  async function setAll() {
    const page = MathJax.startup.document.findMath();
    await forEach(page, (formula) => page.compileMath(formula));
    page.compile().getMetrics(); // of all at once: it makes the browser lay out the page
    await forEach(page, (formula) => formula.render(page));
    page.addStyleSheet();
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
