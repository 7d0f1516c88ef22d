// A pixel chosen by pointer, touch or arrow keys; the settings `row` and `column` hold it.

const MOVES = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

export function makePicker(frame, pictures, step = 1) {
  // A key moves by `step` pixels. The keys belong to the first picture, so that there is one stop for the Tab key.
  const { canvas: first } = pictures[0];
  for (const { canvas } of pictures) {
    const pick = (event) => {
      const box = canvas.getBoundingClientRect();
      const at = (offset, size, length) =>
        Math.max(0, Math.min(length - 1, Math.floor((offset / size) * length)));
      frame.set({
        row: at(event.clientY - box.top, box.height, canvas.height),
        column: at(event.clientX - box.left, box.width, canvas.width),
      });
    };
    let pressed = false;
    canvas.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      pressed = true;
      canvas.setPointerCapture(event.pointerId);
      first.focus({ preventScroll: true });
      pick(event);
    });
    canvas.addEventListener("pointermove", (event) => pressed && pick(event));
    for (const end of ["pointerup", "pointercancel"]) {
      canvas.addEventListener(end, () => (pressed = false));
    }
  }

  first.tabIndex = 0;
  frame.quiet(first).addEventListener("keydown", (event) => {
    const move = MOVES[event.key];
    if (!move || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    const { row, column } = frame.read();
    frame.set({ row: row + step * move[0], column: column + step * move[1] });
  });
}
