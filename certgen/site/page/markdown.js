// The Markdown of course texts as elements: headings, lists, paragraphs, emphasis. Text goes into text nodes only, and
// a link is its words and its address as text. What is not understood stays as it was typed.
import { el } from "./elements.js";

const ITEM = /^(\s*)(?:([-*+•◦▪–])|(\d{1,3}[.)]|\(?[\p{L}\d]{1,4}\)|\(\p{L}ـ\)))\s+(.*)$/u;
const HEADING = /^ {0,3}#{1,6}\s+(.*?)\s*#*$/;

// Elements for a text; its headings are of the level `level`.
export function prose(source, level) {
  const out = [];
  let paragraph = null; // lines that still belong together
  let lists = []; // open lists: {indent, list}
  for (const line of source.slice(0, 100000).replace(/\r\n?/g, "\n").split("\n")) {
    const heading = HEADING.exec(line);
    const item = ITEM.exec(line);
    if (!line.trim()) paragraph = null;
    else if (heading) {
      out.push(el(`h${level}`, {}, ...inline(heading[1])));
      [paragraph, lists] = [null, []];
    } else if (item) {
      const indent = item[1].replace(/\t/g, "    ").length;
      while (lists.length && (indent < lists.at(-1).indent - 1 || lists.length > 5)) lists.pop();
      if (!lists.length || indent > lists.at(-1).indent + 1) {
        const list = el("ul", {});
        (lists.length ? lists.at(-1).list.lastChild : { append: (one) => out.push(one) }).append(list);
        lists.push({ indent, list });
      }
      paragraph = el("li", item[3] ? { class: "marked" } : {}, ...(item[3] ? [el("span", {}, item[3]), " "] : []));
      paragraph.append(...inline(item[4]));
      lists.at(-1).list.append(paragraph);
    } else if (paragraph) paragraph.append(el("br", {}), ...inline(line.trim()));
    else if (lists.length && /^\s/.test(line)) {
      paragraph = el("p", {}, ...inline(line.trim()));
      lists.at(-1).list.lastChild.append(paragraph);
    } else {
      lists = [];
      out.push((paragraph = el("p", {}, ...inline(line.trim()))));
    }
  }
  return out;
}

function inline(text) {
  const out = [];
  const mark = /\\([!-\/:-@[-`{-~])|\[([^\]]+)\]\(<?(https?:\/\/[^)\s>]+)>?\)|(\*\*|__)(?=\S)(.+?\S?)\4|([*_])(?=\S)(.+?)\6(?!\w)/;
  for (let rest = text; rest; ) {
    const found = mark.exec(rest);
    if (!found) {
      out.push(rest);
      break;
    }
    out.push(rest.slice(0, found.index));
    const [whole, escaped, words, address, , strong, , slanted] = found;
    const inside = /\w$/.test(rest.slice(0, found.index)) && whole[0] === "_"; // snake_case is no emphasis
    if (escaped) out.push(escaped);
    else if (words) out.push(words === address ? address : `${words} (${address})`);
    else if (inside) out.push(whole[0]);
    else out.push(strong ? el("strong", {}, ...inline(strong)) : el("em", {}, ...inline(slanted)));
    rest = rest.slice(found.index + (inside ? 1 : whole.length));
  }
  return out.filter((one) => one !== "");
}
