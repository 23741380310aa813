import { Fault } from "@release-actions/codes";

/** A value that is written out, or why only a shell would know it. */
export type EnvValue = { value: string } | { wrong: string };

/**
 * Reads lines KEY=VALUE, `export` before them or not, comments and quotes as a shell has them. Nothing is run and nothing is
 * expanded: a value that a shell would expand is refused when somebody asks for it, since its text is not what it stands for.
 * @throws Fault RA3407 with the line that is no assignment
 */
export function readEnvFile(name: string, text: string): Map<string, EnvValue> {
  const values = new Map<string, EnvValue>();
  for (const [index, whole] of text
    .replace(/^\u{feff}/u, "")
    .split(/\r?\n/)
    .entries()) {
    const line = whole.trim();
    if (line === "" || line.startsWith("#")) continue;
    const [, key, rest] = /^(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)=(.*)$/s.exec(line) ?? [];
    if (key === undefined || rest === undefined || rest.includes("\0"))
      throw new Fault("RA3407", { saw: `${name}:${index + 1} is not KEY=VALUE` });
    const value = readValue(rest);
    values.set(
      key,
      "wrong" in value
        ? { wrong: `${name}:${index + 1}: the value of ${key} ${value.wrong}` }
        : value,
    );
  }
  return values;
}

function readValue(text: string): EnvValue {
  let value = "";
  for (let at = 0; at < text.length;) {
    const here = text[at] ?? "";
    if (here === "'") {
      const end = text.indexOf("'", at + 1);
      if (end < 0) return { wrong: "has a quote that does not end" };
      value += text.slice(at + 1, end);
      at = end + 1;
    } else if (here === '"') {
      const [, inside] = /^"((?:[^"\\]|\\.)*)"/s.exec(text.slice(at)) ?? [];
      if (inside === undefined) return { wrong: "has a quote that does not end" };
      if (/(?<!\\)(?:\\\\)*[$`]/.test(inside)) return { wrong: "would be expanded by a shell" };
      value += inside.replaceAll(/\\([$`"\\])/g, "$1");
      at += inside.length + 2;
    } else if (/\s/.test(here)) {
      if (/^\s+(?:#.*)?$/s.test(text.slice(at))) return { value };
      return { wrong: "has a blank outside quotes" };
    } else if (here === "\\") {
      if (at + 1 === text.length) return { wrong: "goes on in the next line" };
      value += text[at + 1] ?? "";
      at += 2;
    } else if (/[$`;&|<>()]/.test(here) || (here === "~" && /(?:^|:)$/.test(text.slice(0, at)))) {
      return { wrong: "would be expanded by a shell" };
    } else {
      value += here;
      at += 1;
    }
  }
  return { value };
}
