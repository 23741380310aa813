import type { Placeholders } from "./placeholders.ts";
import { placeholderNames } from "./placeholders.ts";

/** What `${date:…}` and `${unix}` are filled with: an instant, and the zone whose calendar counts. */
export type Moment = { at: Date; zone: string };

/** Names that a tag's template may have beside the usual ones; their value is a time. */
const timeNames = ["date", "unix"];
const defaultFormat = "YYYY-MM-DD";
/** Letters of a date's format, in the order in which they are looked for. */
const fields = { YYYY: 4, YY: 2, MM: 2, DD: 2, HH: 2, mm: 2, ss: 2 } as const;
type Field = keyof typeof fields;
const formatForm = /^(?:YYYY|YY|MM|DD|HH|mm|ss|[-._T])+$/;
const formatPart = /YYYY|YY|MM|DD|HH|mm|ss/g;
const placeholder = /\$\{([^}]*)\}/g;

/**
 * Fills a template of image tags: `${name}`, `${short-sha:8}`, and where a moment is given `${date:DD-MM-YYYY}` and `${unix}`.
 * What has no value stays as it is.
 */
export function fillTag(template: string, values: Placeholders, moment?: Moment): string {
  return template.replaceAll(placeholder, (whole, inner: string) => {
    const { name, argument } = split(inner);
    if (name === "unix" && moment) return String(Math.floor(moment.at.getTime() / 1000));
    if (name === "date" && moment) return formatDate(argument ?? defaultFormat, moment);
    return valueOf(name, argument, values) ?? whole;
  });
}

/** The placeholders of a template that do not exist, as they stand in `${…}`; `time`: date and unix exist too. */
export function wrongInTag(template: string, time: boolean): string[] {
  return [...template.matchAll(placeholder)]
    .map(([, inner = ""]) => inner)
    .filter((inner) => {
      const { name, argument } = split(inner);
      if (name === "short-sha" && argument !== undefined)
        return !(/^\d{1,2}$/.test(argument) && Number(argument) >= 4 && Number(argument) <= 40);
      if (name === "date" && argument !== undefined) return !time || !formatForm.test(argument);
      if (argument !== undefined) return true;
      return !(
        (placeholderNames as readonly string[]).includes(name) ||
        (time && timeNames.includes(name))
      );
    });
}

/** Does the template hold a time, so that two attempts would not give the same tag? */
export function holdsTime(template: string): boolean {
  return [...template.matchAll(placeholder)].some(([, inner = ""]) =>
    timeNames.includes(split(inner).name),
  );
}

/** The names of a template that have no value. */
export function unfilledIn(template: string, values: Placeholders): string[] {
  const filled = fillTag(template, values, { at: new Date(0), zone: "UTC" });
  return [...filled.matchAll(placeholder)].map(([, inner = ""]) => inner);
}

/**
 * The tags that a template can have given at any time. Its group `unix` is the first `${unix}`; date and unix need not agree,
 * since tags of people do not always.
 */
export function tagForm(template: string, values: Placeholders): RegExp {
  let seen = false;
  const pattern = template
    .split(/(\$\{[^}]*\})/)
    .map((part) => {
      const inner = /^\$\{([^}]*)\}$/.exec(part)?.[1];
      if (inner === undefined) return escape(part);
      const { name, argument } = split(inner);
      if (name === "date")
        return escape(argument ?? defaultFormat).replaceAll(
          formatPart,
          (field) => `\\d{${fields[field as Field]}}`,
        );
      if (name !== "unix") return escape(fillTag(part, values));
      const group = seen ? "\\d{1,12}" : "(?<unix>\\d{1,12})";
      seen = true;
      return group;
    })
    .join("");
  return new RegExp(`^${pattern}$`);
}

function split(inner: string): { name: string; argument: string | undefined } {
  const colon = inner.indexOf(":");
  return colon < 0
    ? { name: inner, argument: undefined }
    : { name: inner.slice(0, colon), argument: inner.slice(colon + 1) };
}

function valueOf(
  name: string,
  argument: string | undefined,
  values: Placeholders,
): string | undefined {
  if (name === "short-sha" && argument !== undefined) {
    // Digits that are not known cannot be made up.
    const known = values.commit ?? values["short-sha"];
    const length = Number(argument);
    return known !== undefined && known.length >= length ? known.slice(0, length) : undefined;
  }
  if (argument !== undefined || !Object.hasOwn(values, name)) return undefined;
  const value = (values as Record<string, string | undefined>)[name];
  // A registry's tag cannot hold the + of a version.
  return name === "version" || name === "tag" ? value?.replaceAll("+", "-") : value;
}

function formatDate(format: string, { at, zone }: Moment): string {
  const parts = Object.fromEntries(
    new Intl.DateTimeFormat("en-GB", {
      timeZone: zone,
      calendar: "gregory",
      numberingSystem: "latn",
      year: "numeric",
      month: "2-digit",
      day: "2-digit",
      hour: "2-digit",
      minute: "2-digit",
      second: "2-digit",
      hourCycle: "h23",
    })
      .formatToParts(at)
      .map(({ type, value }) => [type, value]),
  );
  const year = (parts["year"] ?? "").padStart(4, "0");
  const values: Record<Field, string> = {
    YYYY: year,
    YY: year.slice(-2),
    MM: parts["month"] ?? "",
    DD: parts["day"] ?? "",
    HH: parts["hour"] ?? "",
    mm: parts["minute"] ?? "",
    ss: parts["second"] ?? "",
  };
  return format.replaceAll(formatPart, (field) => values[field as Field]);
}

function escape(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\/]/g, "\\$&");
}
