import { Fault } from "@release-actions/codes";
import { RE2JS } from "re2js";
import type { Json } from "./check.ts";

export type Variables = Readonly<Record<string, string>>;

/** Fills placeholders as plain text. @throws Fault RA4002 for a name that is not there */
export function fillText(text: string, variables: Variables): string {
  return fill(text, variables, (value) => value);
}

/** The same inside a regular expression, where a value stands for itself: `1.2.3` does not match `1x2x3`. */
export function fillPattern(text: string, variables: Variables): string {
  return fill(text, variables, (value) => RE2JS.quote(value));
}

/** The same in a URL: values are encoded, but an address that the URL begins with. */
export function fillUrl(text: string, variables: Variables): string {
  return fill(text, variables, (value, at) =>
    at === 0 && /^https?:\/\//.test(value) ? value.replace(/\/+$/, "") : encodeURIComponent(value),
  );
}

/** The same in every text of a JSON value. */
export function fillJson(value: Json, variables: Variables): Json {
  if (typeof value === "string") return fillText(value, variables);
  if (Array.isArray(value)) return value.map((item) => fillJson(item, variables));
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, fillJson(item, variables)]),
  );
}

function fill(
  text: string,
  variables: Variables,
  write: (value: string, at: number) => string,
): string {
  return text.replace(/\$\{([^}]*)\}/g, (_, name: string, at: number) => {
    const value = Object.hasOwn(variables, name) ? variables[name] : undefined;
    if (value === undefined) {
      throw new Fault("RA4002", {
        saw: `The placeholder \${${name}} has no value here; there are ${Object.keys(variables).toSorted().join(", ") || "none"}.`,
      });
    }
    return write(value, at);
  });
}
