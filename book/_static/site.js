// What the pages need beside the theme's own scripts.

// Follow the reader's system until the reader chooses a theme. (The page itself says "light", for
// readers without scripts; the theme's own script would keep to that.)
if (!localStorage.getItem("mode")) {
  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  Object.assign(document.documentElement.dataset, { mode: "auto", theme: dark ? "dark" : "light" });
}

// The search page fetches the pages it found, to quote them. A browser refuses that from a disk.
addEventListener("DOMContentLoaded", () => {
  if (location.protocol === "file:") DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;
});

// An equation that is wider than the page scrolls, so the keyboard must be able to reach it.
addEventListener("load", () => {
  const reach = () => {
    for (const block of document.querySelectorAll("div.math")) {
      block.tabIndex = block.scrollWidth > block.clientWidth ? 0 : -1;
    }
  };
  window.MathJax?.startup?.promise.then(reach);
  addEventListener("resize", reach);
});
