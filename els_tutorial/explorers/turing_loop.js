// A loop of animation frames that rests while nobody can see it.

export function createLoop(node, action) {
  let wanted = false;
  let seen = false;
  let ticket = 0;
  const turn = () => {
    ticket = requestAnimationFrame(turn);
    action();
  };
  function check() {
    const on = wanted && seen && !document.hidden;
    if (on && !ticket) ticket = requestAnimationFrame(turn);
    if (!on && ticket) {
      cancelAnimationFrame(ticket);
      ticket = 0;
    }
  }
  const observer = new IntersectionObserver((entries) => {
    seen = entries.at(-1).isIntersecting;
    check();
  });
  observer.observe(node);
  document.addEventListener("visibilitychange", check);
  return {
    running: () => wanted,
    want(on) {
      wanted = on;
      check();
    },
    stop() {
      wanted = false;
      check();
      observer.disconnect();
      document.removeEventListener("visibilitychange", check);
    },
  };
}
