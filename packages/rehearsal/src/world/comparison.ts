import { createHash } from "node:crypto";
import { valueAt } from "./placeholders.ts";

/** What an expectation saw: one sentence that names the system it was read from. */
export type Seen = { holds: boolean; saw: string };

/** One look at several things of a system: all of them have to hold. */
export const all = (system: string, seen: readonly Seen[]): Seen => ({
  holds: seen.length > 0 && seen.every(({ holds }) => holds),
  saw: `${system}: ${seen.map(({ saw }) => saw).join("; ")}`,
});

/** `sha256:` and twelve digits: enough to tell builds apart in a report. */
export const brief = (digest: string): string => digest.slice(0, 19);

export const oneLine = (text: string): string => text.replaceAll(/\s+/g, " ").slice(0, 200);

/** Equal, or the same as text: what comes out of a placeholder is a text, and an id in a file a number. */
export const same = (saw: unknown, wanted: unknown): boolean =>
  saw === wanted ||
  (saw !== undefined && saw !== null && typeof saw !== "object" && String(saw) === String(wanted));

/** The texts that are not in it. */
export function textMisses(text: string, wanted: readonly string[]): string[] {
  return wanted.filter((part) => !text.includes(part)).map((part) => `"${part}" is not in it`);
}

/** The paths whose values are others. */
export function jsonMisses(text: string, wanted: Record<string, unknown>): string[] {
  const paths = Object.entries(wanted);
  if (paths.length === 0) return [];
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return ["it is no JSON"];
  }
  return paths
    .filter(([path, right]) => !same(valueAt(value, path), right))
    .map(
      ([path, right]) =>
        `${path} is ${JSON.stringify(valueAt(value, path))}, not ${JSON.stringify(right)}`,
    );
}

/** Where a release has a SHA256SUMS, every line of it must be true of an asset. */
export function checksumMisses(assets: readonly { name: string; content: Buffer }[]): string[] {
  const sums = assets.find((asset) => asset.name === "SHA256SUMS")?.content.toString("utf8") ?? "";
  return sums
    .split("\n")
    .filter(Boolean)
    .flatMap((line) => {
      const [sum, name = ""] = line.split(/\s+\*?/, 2);
      const asset = assets.find((one) => one.name === name);
      const real = asset && createHash("sha256").update(asset.content).digest("hex");
      return real === sum ? [] : [`SHA256SUMS is not true of ${name}`];
    });
}
