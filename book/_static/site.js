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

// Until mathematics is set (by math.js), the style sheet hides its source and keeps room for it. If
// it cannot be set, the source shows. An equation wider than the page scrolls, so the keyboard must
// reach it.
document.documentElement.classList.add("setting");
addEventListener("load", async () => {
  try {
    await window.mathIsSet;
  } finally {
    document.documentElement.classList.remove("setting");
  }
  const reach = () => {
    for (const block of document.querySelectorAll("div.math")) {
      block.tabIndex = block.scrollWidth > block.clientWidth ? 0 : -1;
    }
  };
  reach();
  addEventListener("resize", reach);
});
