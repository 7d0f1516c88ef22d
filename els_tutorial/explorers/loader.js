// Brings the explorers of a page of the book to life, without a kernel.
// Classic scripts register themselves in window.elsExplorers and window.elsImages; this one, the
// last, gives each figure a model that speaks like an anywidget's, and lets the explorer render.

(() => {
  "use strict";
  const base = document.currentScript.src.replace(/[^/]*$/, "");

  function bytesOf(base64) {
    const text = atob(base64);
    return new DataView(Uint8Array.from(text, (c) => c.charCodeAt(0)).buffer);
  }

  function loadImages(name) {
    // A script element, since pages read from disk may not fetch.
    return new Promise((resolve, reject) => {
      const done = () => {
        const { shape, base64 } = window.elsImages[name];
        resolve({ name, shape, bytes: bytesOf(base64) });
      };
      if (window.elsImages?.[name]) return done();
      const script = document.createElement("script");
      script.src = `${base}data-${name}.js`;
      script.onload = done;
      script.onerror = reject;
      document.head.append(script);
    });
  }

  function createModel(state, id) {
    const listeners = {};
    const model = {
      page: { id },
      get: (name) => state[name],
      set(name, value) {
        if (Object.is(state[name], value)) return;
        state[name] = value;
        for (const event of [`change:${name}`, "change"]) {
          for (const action of [...(listeners[event] || [])]) action();
        }
      },
      on: (event, action) => (listeners[event] ??= []).push(action),
      off(event, action) {
        listeners[event] = (listeners[event] || []).filter((a) => action && a !== action);
      },
      save_changes() {},
      send() {},
    };
    const bring = async () => {
      if (!state.images) return; // an explorer of points needs none
      const pixels = await loadImages(state.images);
      if (pixels.name === state.images) model.set("pixels", pixels);
    };
    model.on("change:images", bring);
    return { model, bring };
  }

  const seen = {};
  function start(figure) {
    const name = figure.dataset.explorer;
    const explorer = window.elsExplorers?.[name];
    if (!explorer) return;
    seen[name] = (seen[name] || 0) + 1;
    const id = seen[name] === 1 ? name : `${name}-${seen[name]}`; // its name in the address
    const { model, bring } = createModel(JSON.parse(figure.dataset.state), id);
    const live = document.createElement("div");
    live.className = "els-live";
    live.hidden = true; // until there is something to see, the picture stands
    figure.append(live);
    live.addEventListener("els:painted", () => {
      for (const child of [...figure.children]) if (child !== live) child.remove();
      live.hidden = false;
    }, { once: true });
    explorer.render({ model, el: live });
    bring();
  }

  document.querySelectorAll(".els-explorer").forEach(start);
})();
