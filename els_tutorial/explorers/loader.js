// Brings the explorers of a page of the book to life, without a kernel.
// Classic scripts register themselves in window.elsExplorers, window.elsImages and
// window.elsNetworks; this one, the last, gives each figure a model that speaks like an anywidget's,
// and lets the explorer render.

(() => {
  "use strict";
  const base = document.currentScript.src.replace(/[^/]*$/, "");

  function bytesOf(base64) {
    const text = atob(base64);
    return new DataView(Uint8Array.from(text, (c) => c.charCodeAt(0)).buffer);
  }

  async function inflated(base64) {
    const stream = new Blob([bytesOf(base64)]).stream();
    const whole = new Response(stream.pipeThrough(new DecompressionStream("deflate")));
    return new DataView(await whole.arrayBuffer());
  }

  // The setting that names what a figure needs, where that is kept, and the trait that takes it.
  const NEEDS = [
    ["images", "elsImages", "pixels"],
    ["network", "elsNetworks", "guesses"],
  ];

  function load(shelf, name) {
    // A script element, since pages read from disk may not fetch.
    return new Promise((resolve, reject) => {
      const done = async () => {
        const { base64, deflated, ...rest } = window[shelf][name];
        const bytes = deflated ? await inflated(deflated) : bytesOf(base64);
        resolve({ name, ...rest, bytes });
      };
      if (window[shelf]?.[name]) return done();
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
    const bring = async (setting, shelf, trait) => {
      if (!state[setting]) return; // an explorer of points needs none
      const found = await load(shelf, state[setting]);
      if (found.name === state[setting]) model.set(trait, found);
    };
    for (const need of NEEDS) model.on(`change:${need[0]}`, () => bring(...need));
    const bringAll = () => NEEDS.forEach((need) => bring(...need));
    return { model, bringAll };
  }

  function bringToLife(figure, id) {
    const explorer = window.elsExplorers?.[figure.dataset.explorer];
    if (!explorer) return;
    const { model, bringAll } = createModel(JSON.parse(figure.dataset.state), id);
    const live = document.createElement("div");
    live.className = "els-live";
    live.hidden = true; // until there is something to see, the picture stands
    figure.append(live);
    live.addEventListener("els:painted", () => {
      for (const child of [...figure.children]) if (child !== live) child.remove();
      live.hidden = false;
    }, { once: true });
    explorer.render({ model, el: live });
    bringAll();
  }

  const waiting = new Map(); // figure -> its name in the address
  const seen = {};
  for (const figure of document.querySelectorAll(".els-explorer")) {
    const name = figure.dataset.explorer;
    seen[name] = (seen[name] || 0) + 1;
    waiting.set(figure, seen[name] === 1 ? name : `${name}-${seen[name]}`);
  }

  // A figure fetches its data and computes once the reader is within two screens of it, or when a
  // link or the printer asks for it; in a frame of another page, at once.
  const idle = window.requestIdleCallback ?? setTimeout;
  function start(figure) {
    const id = waiting.get(figure);
    if (!waiting.delete(figure)) return;
    near.unobserve(figure);
    idle(() => bringToLife(figure, id), { timeout: 500 });
  }
  const near = new IntersectionObserver(
    (entries) => entries.forEach(({ isIntersecting, target }) => isIntersecting && start(target)),
    { rootMargin: "200% 0%" },
  );
  const startAll = () => [...waiting.keys()].forEach(start);
  const startLinked = () => {
    for (const [figure, id] of [...waiting]) if (location.hash.includes(`${id}.`)) start(figure);
  };
  addEventListener("beforeprint", startAll);
  addEventListener("hashchange", startLinked);
  startLinked();
  if (parent !== window) startAll();
  for (const figure of waiting.keys()) near.observe(figure);
})();
