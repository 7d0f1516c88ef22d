// The state of explorers in the page's address: #machine.t=0.4&machine.hide=seed,count

const hashOf = (address) => address.split("#").slice(1).join("#");

export function readAddress(id, names, address = location.href) {
  const found = {};
  for (const part of hashOf(address).split("&")) {
    const [key, value = ""] = part.split("=").map(decodePart);
    const name = key.startsWith(`${id}.`) ? key.slice(id.length + 1) : key === "hide" ? key : "";
    if (name === "hide" || names.includes(name)) found[name] = value;
  }
  return found;
}

const encodePart = (value) => encodeURIComponent(value).replaceAll("%2C", ",");

function decodePart(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

export function addressWith(id, state) {
  // Other explorers' parts stay; a plain anchor such as #the-idea does too.
  const others = location.hash
    .slice(1)
    .split("&")
    .filter((part) => part && !part.startsWith(`${id}.`));
  const own = Object.entries(state).map(([k, v]) => `${id}.${k}=${encodePart(v)}`);
  const hash = [...others, ...own].join("&");
  return location.href.split("#")[0] + (hash ? `#${hash}` : "");
}
