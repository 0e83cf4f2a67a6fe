// The page's words, and dates, numbers and names as each language writes them.
import WORDS from "./words.json" with { type: "json" };

export const LANGUAGES = ["en", "es", "fr", "ar"];
export let language = navigator.languages.map((tag) => tag.split("-")[0]).find((one) => LANGUAGES.includes(one)) || "en";

export function speak(chosen) {
  language = chosen;
  document.documentElement.lang = chosen;
  document.documentElement.dir = chosen === "ar" ? "rtl" : "ltr";
}

// Words by their key, with a value in the place of {}.
export const t = (key, value) => WORDS[key][LANGUAGES.indexOf(language)].replace("{}", () => value);

// "2026-03" or "2026-03-02" in words; anything else as it stands.
export function date(iso) {
  const moment = new Date(iso);
  if (!/^\d{4}-\d\d(-\d\d)?$/.test(iso) || isNaN(moment)) return iso;
  const day = iso.length > 7 ? "numeric" : undefined;
  return new Intl.DateTimeFormat(language, { year: "numeric", month: "long", day, timeZone: "UTC" }).format(moment);
}

export const dates = (start, end) => [...new Set([start, end].filter(Boolean))].map(date).join(" – ");
export const number = (value) => (value === "" || isNaN(value) ? value : new Intl.NumberFormat(language).format(value));

export function duration(hours) {
  const form = { style: "unit", unit: "hour", unitDisplay: "long", maximumFractionDigits: 4 };
  return new Intl.NumberFormat(language, form).format(hours);
}

const named = (type, code) => {
  try {
    return new Intl.DisplayNames(language, { type }).of(code) || code;
  } catch {
    return code;
  }
};
export const languageName = (tag) => named("language", tag);
export const region = (code) => named("region", code);
