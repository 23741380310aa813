import { reasons, type ReasonName } from "./reasons.ts";
import { codes, type Code } from "./table.ts";

/** A reason in the words of one case. `because` may hold foreign text; in `command` it stands quoted. */
export type ToldReason = {
  reason: ReasonName;
  code: Code;
  /** Waiting may help. */
  mayHeal: boolean;
  because: string;
  /** What to do, one sentence. */
  next: string;
  /** What to type. */
  command: string;
};

const placeholder = /\{([a-z]+)\}/g;

/** Fills a reason's words and its command with the values of a case; a value that is missing stays as its name. */
export function tellReason(
  reason: ReasonName,
  values: Readonly<Record<string, string | undefined>> = {},
): ToldReason {
  const { code, heals, because, command } = reasons[reason];
  const fill = (template: string, write: (value: string) => string): string =>
    template.replaceAll(placeholder, (whole, name: string) => {
      const value = Object.hasOwn(values, name) ? values[name] : undefined;
      return value === undefined ? whole : write(value);
    });
  return {
    reason,
    code,
    mayHeal: heals === "may",
    because: fill(because, (value) => value),
    next: codes[code].next,
    command: fill(command, shellQuoted),
  };
}

// eslint-disable-next-line no-control-regex -- control characters are what is looked for
const unprintable =
  /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

/** One word of a POSIX shell's command line: nothing in it is run, expanded or taken for an option. */
export function shellQuoted(value: string): string {
  const visible = value.toWellFormed().replaceAll(unprintable, "");
  if (/^[\w./:@%+=][\w./:@%+=,-]*$/.test(visible)) return visible;
  return `'${visible.replace(/^-+/, "").replaceAll("'", `'\\''`)}'`;
}
