// A verdict as a page. Everything said is text; names and texts of the certificate keep their own direction.
import { inFours } from "./bytes.js";
import { el, icon } from "./elements.js";
import { prose } from "./markdown.js";
import { date, duration, number, t, titled } from "./words.js";

export const shown = (verdict) => [
  band(verdict),
  verdict.course && must(verdict),
  issuerOf(verdict),
  verdict.course && course(verdict),
];

const own = (text) => text && el("bdi", text);
const code = (text) => text && el("bdi.code", { dir: "ltr" }, text);
const list = (texts, kind = "ul") => el(kind, ...texts.map((text) => el("li", { dir: "auto" }, text)));
const row = (label, ...value) => value[0] && el("div", el("dt", t(label)), el("dd", ...value));

// A text, cut where it was too long for the QR code and the course facts do not have it whole.
const whole = ({ start, digest, full }) => full ?? (digest ? `${start}…` : start);

function band({ state, claims, key, status, why, reason, code: successor, course }) {
  const listed = status && status.issued && date(status.issued);
  const say = (word, value) => el("p", t(word, value));
  return el(
    `section.${state}`,
    { role: "status" },
    icon(state),
    el(
      "div",
      el("h1", { tabindex: "-1" }, t(`s_${state}`, listed)),
      !(why && !course) && say(`x_${state}`, state === "expired" ? date(claims.expires) : listed),
      state === "expired" && status.why && say("x_status-unknown"),
      why && say(why),
      successor && el("p", el("a.code", { href: `#${successor}`, dir: "ltr" }, inFours(successor))),
      typeof reason === "string" && el("p", t("reason"), " ", own(reason)),
      key && key.stolen && say("honest"),
      !course && claims && el("p", t("code"), " ", code(inFours(claims.code))),
    ),
  );
}

const must = ({ claims: { name, title } }) =>
  el(
    "section",
    el("h2", t("match")),
    el("p.label", t("name")),
    el("p.name", own(whole(name))),
    el("p.label", t("course")),
    el("p.title", own(whole(title))),
    `${whole(name)}${whole(title)}`.includes("…") && (name.digest || title.digest) && el("p.label", t("cut")),
  );

function issuerOf({ key, site }) {
  const { name, legal_name, contact, url, privacy_url } = site.issuer;
  const here = location.host ? location.host + location.pathname : location.protocol;
  const its = site.verify_url && site.verify_url.replace(/^https?:../, "");
  const active = key || site.keys.find((one) => one.state === "active");
  return el(
    "section",
    el("h2", t("issuer")),
    el("p", own(name)),
    el(
      "dl",
      legal_name !== name && row("legal_name", own(legal_name)),
      row("contact", link(contact)),
      row("site", link(url)),
      row("privacy", link(privacy_url)),
      row("address", code(here)),
      its && !here.startsWith(its) && row("own_page", code(its)),
      active && row("fingerprint", code(active.fingerprint), el("small", t("match"))),
    ),
  );
}

// An address that people may follow: of the web or of mail, nothing else.
function link(target) {
  const href = /^https?:/.test(target) ? target : /^[^\s:/?#]+@[^\s:/?#]+$/.test(target) && `mailto:${target}`;
  return href ? el("a", { href, rel: "noreferrer", dir: "ltr" }, target) : own(target);
}

// The credential page: what was signed, and the course facts whose digest was signed.
function course({ claims, site, course: facts, figures, state }) {
  const award = (facts.awards || {})[claims.award] || {};
  const some = (list) => list && list.length && list;
  const [start, end] = [claims.start || facts.start, claims.end || facts.end].map((day) => day && date(day));
  const part = (heading, ...content) => [el("h3", { dir: "auto" }, heading), el("div", { dir: "auto" }, ...content)];
  const sections = (facts.sections || []).filter(({ awards }) => !awards || awards.includes(claims.award));
  const text = el(
    "div",
    { lang: facts.language },
    ...(some(award.asked) ? part(t("asked"), list(award.asked)) : []),
    ...(facts.summary ? part(t("summary"), ...prose(facts.summary)) : []),
    ...sections.flatMap(({ heading, body }) => part(heading, ...prose(body))),
    ...(some(facts.skills) ? part(t("skills"), list(facts.skills.map(({ name }) => name), "ul.chips")) : []),
    ...(some(facts.occupations) ? part(t("occupations"), ...occupations(facts.occupations, figures || {})) : []),
  );
  return el(
    "section",
    el("h2", own(whole(claims.title))),
    el(
      "dl",
      row("name", own(whole(claims.name))),
      row("award", own(award.title || t(`a_${claims.award}`))),
      row("issuer", own(site.issuer.name || (facts.issuer || {}).name)),
      row("signed", ...(facts.signatories || []).map(({ name, role }) => el("p", own(name), role && el("small", own(role))))),
      row("programme", own(facts.programme)),
      row("number", own(claims.number)),
      row("code", code(inFours(claims.code))),
      row("course", own(facts.code)),
      row("dates", start && end && start !== end ? `${start} – ${end}` : start || end),
      row("venue", own(facts.venue)),
      row("hours", claims.hours !== null && duration(claims.hours)),
      row("score", own(claims.score)),
      row("taught", (facts.taught_in || []).map((tag) => titled("language", tag)).join(", ")),
      row("issued", date(claims.issued)),
      row("expires", claims.expires ? date(claims.expires) : t("never")),
    ),
    facts.why && el("p.label", t(facts.why)),
    text,
    actions(claims, site, ["authentic", "known-to", "status-unknown"].includes(state)),
  );
}

// Occupations, each with figures from an unsigned table that belong to it by its code or its name.
function occupations(all, { figures = {}, source }) {
  const items = all.map(({ name, code }) => {
    const rows = figures[code] || figures[name.toLowerCase().split(/\s+/).join(" ")] || [];
    const lines = rows.map(({ employers, openings, country, as_of }) => [
      employers && t("employers", number(employers)),
      openings && t("openings", number(openings)),
      country && titled("region", country),
      as_of && date(as_of),
    ]);
    return el("li", { dir: "auto" }, name, ...lines.map((line) => el("small", line.filter(Boolean).join(" · "))));
  });
  return [el("ul", ...items), source && el("small", t("unsigned"), " ", own(source))];
}

function actions({ title, code, issued, expires }, site, useful) {
  const query = new URLSearchParams({
    startTask: "CERTIFICATION_NAME",
    name: whole(title),
    organizationName: site.issuer.name,
    issueYear: issued.slice(0, 4),
    issueMonth: +issued.slice(5, 7),
    certUrl: `${site.verify_url}/v#${code}`,
    certId: code,
  });
  if (expires) query.set("expirationYear", expires.slice(0, 4));
  if (expires) query.set("expirationMonth", +expires.slice(5, 7));
  const href = `https://www.linkedin.com/profile/add?${query}`;
  const print = el("button", t("print"));
  print.onclick = () => window.print();
  return el("p.line", useful && el("a.button", { href, rel: "noreferrer", target: "_blank" }, t("linkedin")), print);
}
