// Elements without markup: attributes by name, children as text nodes.

export function el(name, attributes, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) if (value != null) made.setAttribute(key, value);
  made.append(...children.filter((child) => child != null && child !== ""));
  return made;
}

const SVG = "http://www.w3.org/2000/svg";
const QUESTION = "M18 19a6 6 0 1 1 9 5c-2 1.4-3 2.6-3 5.5m0 5.5v.1";
const SHAPES = { // state: outline, mark inside it
  authentic: ["M24 2a22 22 0 1 0 0 44a22 22 0 0 0 0-44z", "M14 25l7 7l14-15"],
  "known-to": ["M10 4h28a6 6 0 0 1 6 6v28a6 6 0 0 1-6 6H10a6 6 0 0 1-6-6V10a6 6 0 0 1 6-6z", "M24 13v12l8 5"],
  "status-unknown": ["M13 4h22l11 20l-11 20H13L2 24z", QUESTION],
  expired: ["M8 3h32v9L29 24l11 12v9H8v-9l11-12L8 12z", "M18 38h12"],
  revoked: ["M15 2h18l13 13v18L33 46H15L2 33V15z", "M16 16l16 16m0-16L16 32"],
  replaced: ["M2 14h22V3l22 21l-22 21V34H2z", "M11 24h22m-7-7l7 7l-7 7"],
  "not-genuine": ["M24 3l23 41H1z", "M24 18v13m0 6v.1"],
  "unknown-key": ["M24 1l23 23l-23 23L1 24z", QUESTION],
  "key-compromised": ["M24 2l19 6v15c0 11-8 19-19 23C13 42 5 34 5 23V8z", "M27 11l-9 13h12l-9 13"],
  unreadable: ["M4 4h40v40H4z", "M13 16h10m5 0h7M13 24h4m5 0h13M13 32h14m5 0h3"],
};

export function icon(state) {
  const drawing = document.createElementNS(SVG, "svg");
  drawing.setAttribute("viewBox", "0 0 48 48");
  drawing.setAttribute("aria-hidden", "true");
  for (const outline of SHAPES[state]) {
    const path = document.createElementNS(SVG, "path");
    path.setAttribute("d", outline);
    drawing.append(path);
  }
  return drawing;
}
