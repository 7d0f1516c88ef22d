// From what is asked for to the nearest state that exists.

export function settling(wanted, previous) {
  const state = { ...wanted };
  const oneOf = (name, known) => {
    if (!Object.hasOwn(known, state[name])) state[name] = previous[name];
  };
  const number = (name, low, high) => {
    const value = state[name];
    state[name] = Number.isFinite(value) ? Math.max(low, Math.min(high, value)) : previous[name];
  };
  const whole = (name, low, high) => {
    state[name] = Math.round(state[name]);
    number(name, low, high);
  };
  return { state, oneOf, number, whole };
}
