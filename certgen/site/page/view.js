// A verdict as a page. Everything said is text; names and texts of the certificate keep their own direction.
import { inFours } from "./bytes.js";
import { el, icon } from "./elements.js";
import { prose } from "./markdown.js";
import { date, dates, duration, languageName, number, region, t } from "./words.js";

const BELIEVED = ["authentic", "known-to", "status-unknown", "expired", "revoked", "replaced"];

export function shown(verdict) {
  const good = BELIEVED.includes(verdict.state);
  return [band(verdict), good && must(verdict), issuerOf(verdict), good && course(verdict)].filter(Boolean);
}

const own = (text, attributes = {}) => el("bdi", attributes, text);
const whole = (text) => text.whole ?? text.start + (text.digest ? "…" : "");

function row(label, ...value) {
  return value[0] == null || value[0] === "" ? null : el("div", {}, el("dt", {}, t(label)), el("dd", {}, ...value));
}

// --- the verdict -----------------------------------------------------------------------------

function band({ state, claims, key, status, why, reason, code }) {
  const said = [];
  const say = (word, value) => said.push(el("p", {}, t(word, value)));
  const listed = status && status.issued && date(status.issued);
  if (why && !status) say(why);
  else say(`x_${state}`, state === "expired" ? date(claims.expires) : listed);
  if (state === "status-unknown") say(why);
  if (state === "expired" && status.why) say("expired_unknown");
  if (typeof reason === "string") said.push(el("p", { class: "reason" }, t("reason"), " ", own(reason)));
  if (code) {
    const link = el("a", { href: `#${code}`, dir: "ltr" }, inFours(code));
    said.push(el("p", { class: "reason" }, t("new_code"), " ", link));
  }
  if (key && key.stolen) say("honest");
  if (claims && ["unknown-key", "key-compromised", "not-genuine"].includes(state)) {
    said.push(el("p", {}, t("code"), " ", own(inFours(claims.code), { dir: "ltr" })));
  }
  const heading = el("h1", { tabindex: "-1" }, t(`s_${state}`, listed));
  return el("section", { class: `band ${state}`, role: "status" }, icon(state), el("div", {}, heading, ...said));
}

function must({ claims }) {
  const { name, title } = claims;
  const lines = [
    el("h2", { class: "hint" }, t("must_match")),
    el("p", { class: "label" }, t("name")),
    el("p", { class: "name", dir: "auto" }, whole(name)),
    el("p", { class: "label" }, t("course")),
    el("p", { class: "title", dir: "auto" }, whole(title)),
  ];
  if ((name.digest && !name.whole) || (title.digest && !title.whole)) lines.push(el("p", { class: "hint" }, t("cut")));
  return el("section", { class: "card must" }, ...lines);
}

function issuerOf({ key, site }) {
  const { name, legal_name, contact, url, privacy_url } = site.issuer;
  const host = location.protocol === "file:" ? t("file_page") : own(location.host + location.pathname, { dir: "ltr" });
  const named = site.verify_url && site.verify_url.replace(/^https?:\/\//, "");
  const copy = named && !(location.host + location.pathname).startsWith(named);
  const mine = key || site.keys.find((one) => one.state === "active");
  const rows = [
    row("issuer", name && own(name)),
    legal_name !== name && row("legal_name", legal_name && own(legal_name)),
    row("contact", link(contact, contact)),
    row("website", link(url, url)),
    row("privacy", link(privacy_url, privacy_url)),
    row("address", host),
    copy && row("own_address", own(named, { dir: "ltr" })),
    mine && row("fingerprint", own(mine.fingerprint, { dir: "ltr", class: "code" }), el("small", {}, t("compare"))),
  ];
  return el("section", { class: "card" }, el("h2", {}, t("who")), el("dl", {}, ...rows.filter(Boolean)));
}

// An address that people may follow: of the web or of mail, nothing else.
function link(target, words) {
  if (!target) return null;
  const href = /^https?:\/\//.test(target) ? target : /^[^\s:/?#]+@[^\s:/?#]+$/.test(target) ? `mailto:${target}` : null;
  return href ? el("a", { href, rel: "noopener noreferrer", dir: "ltr" }, words) : own(words);
}

// --- the credential page ---------------------------------------------------------------------------

function course(verdict) {
  const { claims, site, course: facts } = verdict;
  const tongue = facts.language;
  const award = (facts.awards || {})[claims.award] || {};
  const issuer = { ...facts.issuer, ...site.issuer };
  const text = (value) => value && own(value, { lang: tongue });
  const about = [
    row("recipient", own(whole(claims.name))),
    row("award", text(award.title) || t(`a_${claims.award}`)),
    row("issuer", issuer.name && own(issuer.name)),
    row("signatories", ...(facts.signatories || []).map(signatory)),
    row("programme", text(facts.programme)),
    row("number", claims.number && own(claims.number)),
    row("code", own(inFours(claims.code), { dir: "ltr", class: "code" })),
    row("course_code", facts.code && own(facts.code)),
    row("dates", dates(claims.start || facts.start, claims.end || facts.end)),
    row("venue", text(facts.venue)),
    row("hours", claims.hours === null ? null : duration(claims.hours)),
    row("score", claims.score && own(claims.score)),
    row("languages", (facts.taught_in || []).map(languageName).join(", ")),
    row("issued_on", date(claims.issued)),
    row("expires_on", claims.expires ? date(claims.expires) : t("never")),
  ];
  const body = [
    el("h2", { dir: "auto", lang: tongue }, whole(claims.title)),
    el("dl", {}, ...about.filter(Boolean)),
    facts.why && el("p", { class: "hint" }, t(facts.why)),
    ...words("asked", (award.asked || []).length && [list(award.asked)]),
    ...words("summary", facts.summary && prose(facts.summary, 4)),
    ...(facts.sections || []).filter((one) => !one.awards || one.awards.includes(claims.award)).flatMap(section),
    ...words("skills", (facts.skills || []).length && [list(facts.skills.map((one) => one.name), "chips")]),
    ...words("occupations", (facts.occupations || []).length && occupations(facts.occupations, verdict.figures || {})),
    actions(verdict, issuer),
  ];
  function words(label, content) {
    return content ? [el("h3", {}, t(label)), el("div", { lang: tongue, dir: "auto", class: "prose" }, ...content)] : [];
  }
  function section({ heading, body: source }) {
    const head = heading && el("h3", { lang: tongue, dir: "auto" }, heading);
    return [head, el("div", { lang: tongue, class: "prose", dir: "auto" }, ...prose(source || "", 4))];
  }
  return el("section", { class: "card course" }, ...body.filter(Boolean));
}

const signatory = ({ name, role }) => el("p", {}, own(name), role ? el("small", {}, own(role)) : "");
const list = (texts, kind) => el("ul", { class: kind }, ...texts.map((text) => el("li", { dir: "auto" }, text)));

// Occupations, each with figures from an unsigned table that belongs to it by its code or its name.
function occupations(all, { figures = {}, source }) {
  const items = all.map(({ name, code }) => {
    const rows = figures[code] || figures[name.toLowerCase().split(/\s+/).join(" ")] || [];
    const lines = rows.map(({ employers, openings, country, as_of }) => {
      const parts = [employers && t("employers", number(employers)), openings && t("openings", number(openings))];
      return el("small", {}, [...parts, country && region(country), as_of && date(as_of)].filter(Boolean).join(" · "));
    });
    return el("li", { dir: "auto" }, name, ...lines);
  });
  return [el("ul", {}, ...items), source ? el("small", {}, own(source)) : ""];
}

function actions({ claims, site, state }, issuer) {
  const address = `${site.verify_url}/v#${claims.code}`;
  const [year, month] = claims.issued.split("-");
  const query = new URLSearchParams({
    startTask: "CERTIFICATION_NAME",
    name: claims.title.whole ?? claims.title.start,
    organizationName: issuer.name || "",
    issueYear: year,
    issueMonth: Number(month),
    certUrl: address,
    certId: claims.code,
  });
  if (claims.expires) {
    query.set("expirationYear", claims.expires.slice(0, 4));
    query.set("expirationMonth", Number(claims.expires.slice(5, 7)));
  }
  const href = `https://www.linkedin.com/profile/add?${query}`;
  const add = el("a", { href, rel: "noopener noreferrer", target: "_blank", class: "button" }, t("linkedin"));
  const print = el("button", { type: "button" }, t("print"));
  print.addEventListener("click", () => window.print());
  const useful = ["authentic", "known-to", "status-unknown"].includes(state);
  return el("p", { class: "actions" }, useful ? add : "", print);
}
