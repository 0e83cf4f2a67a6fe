// Elements without markup: text goes into text nodes, nothing is ever parsed as HTML.

// el("p.hint", {dir: "auto"}, ...): attributes may be left out; children are nodes and texts, empty ones are left out.
export function el(kind, ...content) {
  const [name, style] = kind.split(".");
  const made = document.createElement(name);
  const attributes = content[0] && content[0].constructor === Object ? content.shift() : {};
  if (style) made.className = style;
  for (const [key, value] of Object.entries(attributes)) if (value) made.setAttribute(key, value);
  made.append(...content.filter(Boolean));
  return made;
}

const QUESTION = "M18 19a6 6 0 1 1 9 5q-3 2-3 5m0 6v.1";
const SHAPES = { // state: outline, mark inside it
  authentic: ["M24 3a21 21 0 1 0 .1 0z", "M14 25l7 7 13-15"],
  "known-to": ["M5 5h38v38H5z", "M24 14v11l8 5"],
  "status-unknown": ["M14 5h20l10 19-10 19H14L4 24z", QUESTION],
  expired: ["M9 5h30v6L28 24l11 13v6H9v-6l11-13L9 11z", "M18 37h12"],
  revoked: ["M16 4h16l12 12v16L32 44H16L4 32V16z", "M16 16l16 16m0-16L16 32"],
  replaced: ["M4 15h18V5l22 19-22 19V33H4z", "M12 24h20m-6-6l6 6-6 6"],
  "not-genuine": ["M24 5l21 37H3z", "M24 19v11m0 6v.1"],
  "unknown-key": ["M24 3l21 21-21 21L3 24z", QUESTION],
  "key-compromised": ["M24 4l17 6v13q-1 15-17 21Q8 38 7 23V10z", "M27 12l-8 12h11l-8 12"],
  unreadable: ["M5 10h38v28H5z", "M12 19h9m6 0h9M12 29h4m6 0h14"],
};

export function icon(state) {
  const [drawing, ...paths] = ["svg", "path", "path"].map((name) =>
    document.createElementNS("http://www.w3.org/2000/svg", name),
  );
  drawing.setAttribute("viewBox", "0 0 48 48");
  drawing.setAttribute("aria-hidden", "true");
  paths.map((path, index) => path.setAttribute("d", SHAPES[state][index]));
  drawing.append(...paths);
  return drawing;
}
