// The Markdown of course texts as elements: headings, lists, paragraphs, emphasis. A link is its words and its address
// as text. What is not understood stays as it was typed.
import { el } from "./elements.js";

const ITEM = /^(\s*)(?:[-*+•◦▪–]|(\d+[.)]|\(?[\p{L}\d]{1,4}ـ?\)))\s+(.*)/u;
const HEADING = /^ {0,3}#{1,6}\s+(.*?)[\s#]*$/;
const MARK = /\\([!-/:-@[-`{-~])|\[([^\]]+)\]\(<?(https?:[^)\s>]+)>?\)|(\*\*|__)(?=\S)(.+?)\4|(\*|\b_)(?=\S)(.+?)\6(?!\w)/;

export function prose(source = "") {
  const out = [];
  let open = null; // the paragraph or item that a next line goes on with
  let lists = []; // open lists, with the indentation of their items
  for (const line of source.split(/\r\n?|\n/)) {
    const [heading, item] = [HEADING.exec(line), ITEM.exec(line)];
    if (!line.trim()) open = null;
    else if (heading) {
      out.push(el("h4", ...inline(heading[1])));
      [open, lists] = [null, []];
    } else if (item) {
      const indent = item[1].length;
      while (lists[1] && indent < lists[0].indent - 1) lists.shift();
      if (!lists[0] || (indent > lists[0].indent + 1 && !lists[7])) {
        const list = el("ul");
        if (lists[0]) lists[0].list.lastChild.append(list);
        else out.push(list);
        lists.unshift({ indent, list });
      }
      open = el(item[2] ? "li.marked" : "li", item[2] && `${item[2]} `, ...inline(item[3]));
      lists[0].list.append(open);
    } else if (open) open.append(el("br"), ...inline(line.trim()));
    else {
      open = el("p", ...inline(line.trim()));
      if (!/^\s/.test(line)) lists = [];
      if (lists[0]) lists[0].list.lastChild.append(open);
      else out.push(open);
    }
  }
  return out;
}

function inline(text) {
  const found = MARK.exec(text);
  if (!found) return [text];
  const [all, escaped, words, address, , strong, , slanted] = found;
  return [
    text.slice(0, found.index),
    escaped,
    words && (words === address ? words : `${words} (${address})`),
    strong && el("strong", ...inline(strong)),
    slanted && el("em", ...inline(slanted)),
    ...inline(text.slice(found.index + all.length)),
  ].filter(Boolean);
}
