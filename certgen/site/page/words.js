// The page's words, and dates, numbers and names as each language writes them.
import WORDS from "./words.json" with { type: "json" };

export const LANGUAGES = ["en", "es", "fr", "ar"];
export let language = navigator.languages.map((tag) => tag.slice(0, 2)).find((one) => LANGUAGES.includes(one)) || "en";

export function speak(chosen) {
  language = chosen;
}

// Words by their key, with a value in the place of {}.
export const t = (key, value) => WORDS[key][LANGUAGES.indexOf(language)].replace("{}", () => value);

// "2026-03" or "2026-03-02" in words; anything else as it stands.
export function date(iso) {
  const moment = new Date(iso);
  if (!/^\d{4}-\d\d(-\d\d)?$/.test(iso) || isNaN(moment)) return iso;
  const form = { year: "numeric", month: "long", day: iso[7] && "numeric", timeZone: "UTC" };
  return moment.toLocaleDateString(language === "en" ? "en-GB" : language, form);
}

export const number = (value) => Number(value).toLocaleString(language);
export const duration = (hours) =>
  hours.toLocaleString(language, { style: "unit", unit: "hour", unitDisplay: "long", maximumFractionDigits: 4 });

// The name of a language or a country by its code.
export function titled(type, code, tongue = language) {
  try {
    return new Intl.DisplayNames(tongue, { type }).of(code);
  } catch {
    return code;
  }
}
