import { Fault } from "@release-actions/codes";
import type { Scheme } from "./version.ts";

/** The tokens of calver.org: their form, and the values that a calendar allows. */
const tokens: Record<string, { form: string; least: number; most: number; example: string }> = {
  YYYY: { form: "[1-9][0-9]{3}", least: 1000, most: 9999, example: "2026" },
  YY: { form: "[1-9][0-9]{0,2}", least: 1, most: 999, example: "26" },
  "0Y": { form: "[0-9]{2,3}", least: 0, most: 999, example: "26" },
  MM: { form: "[1-9][0-9]?", least: 1, most: 12, example: "3" },
  "0M": { form: "[0-9]{2}", least: 1, most: 12, example: "03" },
  WW: { form: "[1-9][0-9]?", least: 1, most: 53, example: "9" },
  "0W": { form: "[0-9]{2}", least: 1, most: 53, example: "09" },
  DD: { form: "[1-9][0-9]?", least: 1, most: 31, example: "7" },
  "0D": { form: "[0-9]{2}", least: 1, most: 31, example: "07" },
  MAJOR: { form: "0|[1-9][0-9]{0,8}", least: 0, most: 999_999_999, example: "1" },
  MINOR: { form: "0|[1-9][0-9]{0,8}", least: 0, most: 999_999_999, example: "1" },
  MICRO: { form: "0|[1-9][0-9]{0,8}", least: 0, most: 999_999_999, example: "1" },
};

/**
 * Calendar versions by a pattern of calver.org's tokens, such as `YYYY.0M.MICRO`.
 * @throws Fault RA1301 when the pattern has a word that is no token
 */
export function calver(pattern: string): Scheme {
  const parts = pattern.split(/([._-])/);
  const names = parts.filter((_, index) => index % 2 === 0);
  const unknown = names.find((name) => tokens[name] === undefined);
  if (unknown !== undefined)
    throw new Fault("RA1301", { saw: `calver has no token ${JSON.stringify(unknown)}` });
  const form = new RegExp(
    `^${parts.map((part, index) => (index % 2 === 0 ? `(${tokens[part]?.form})` : `\\${part}`)).join("")}$`,
  );
  const example = parts
    .map((part, index) => (index % 2 === 0 ? tokens[part]?.example : part))
    .join("");
  const numbers = (text: string): number[] => (form.exec(text) ?? []).slice(1).map(Number);

  return {
    name: `calver:${pattern}`,
    example,
    parse: (tag) => {
      const found = numbers(tag);
      if (found.length === 0) return { wrong: `it is not of the form ${pattern}` };
      const off = names.findIndex((name, index) => {
        const token = tokens[name];
        return (
          token === undefined ||
          (found[index] ?? 0) < token.least ||
          (found[index] ?? 0) > token.most
        );
      });
      if (off >= 0) return { wrong: `its ${names[off]} is not in the calendar` };
      return { text: tag, tag, prerelease: false };
    },
    compare: (a, b) => {
      const [left, right] = [numbers(a.text), numbers(b.text)];
      const differs = left.findIndex((number, index) => number !== right[index]);
      return differs < 0 ? 0 : (left[differs] ?? 0) - (right[differs] ?? 0);
    },
    kind: (previous, next) => {
      if (previous === undefined) return "major";
      const [was, is] = [numbers(previous.text), numbers(next.text)];
      const differs = was.findIndex((number, index) => number !== is[index]);
      return differs === 0 ? "major" : differs === 1 ? "minor" : "patch";
    },
  };
}
