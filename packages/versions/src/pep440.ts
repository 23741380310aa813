import { compare, explain } from "@renovatebot/pep440";
import type { Scheme } from "./version.ts";

const plain = /^[0-9A-Za-z.+!_-]{1,128}$/;

/** Python's versions (PEP 440) in their normal form. */
export function pep440(): Scheme {
  return {
    name: "pep440",
    example: "1.2.3",
    parse: (tag) => {
      const parts = plain.test(tag) ? explain(tag) : null;
      if (parts === null) return { wrong: "it is not a version as PEP 440 defines it" };
      const normal = parts.public + (parts.local === null ? "" : `+${parts.local}`);
      if (normal !== tag) return { wrong: `its normal form is ${normal}` };
      return { text: tag, tag, prerelease: parts.is_prerelease };
    },
    compare: (a, b) => compare(a.text, b.text),
    kind: (previous, next) => {
      if (next.prerelease) return "prerelease";
      const [was, is] = [
        explain(previous?.text ?? "0")?.release ?? [],
        explain(next.text)?.release ?? [],
      ];
      if (previous === undefined || (was[0] ?? 0) !== (is[0] ?? 0)) return "major";
      return (was[1] ?? 0) === (is[1] ?? 0) ? "patch" : "minor";
    },
  };
}
