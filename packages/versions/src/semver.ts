import compare from "semver/functions/compare.js";
import diff from "semver/functions/diff.js";
import parse from "semver/functions/parse.js";
import type { Kind, Scheme, Version } from "./version.ts";

// The grammar of semver.org is ASCII; the library alone would take blanks, a "v" and 20-digit numbers in silence.
const plain = /^[0-9A-Za-z.+-]{1,128}$/;

/** Semantic versions: `1.2.3`, or `v1.2.3` where the scheme says so. */
export function semver(form: { v: boolean }): Scheme {
  return {
    name: form.v ? "v-semver" : "semver",
    example: form.v ? "v1.2.3" : "1.2.3",
    parse: (tag) => {
      if (form.v && !tag.startsWith("v")) return { wrong: "it has no v before the version" };
      const text = form.v ? tag.slice(1) : tag;
      if (!form.v && /^v\d/.test(tag))
        return { wrong: "it has a v before the version, and this scheme has none" };
      if (!plain.test(text))
        return { wrong: "it is not MAJOR.MINOR.PATCH in plain letters and digits" };
      const parsed = parse(text);
      const normal =
        parsed === null
          ? undefined
          : parsed.version + (parsed.build.length > 0 ? `+${parsed.build.join(".")}` : "");
      if (parsed === null || normal !== text)
        return { wrong: "it is not MAJOR.MINOR.PATCH as semver.org defines it" };
      return { text, tag, prerelease: parsed.prerelease.length > 0 };
    },
    compare: (a, b) => compare(a.text, b.text),
    kind: (previous, next) => kindOf(previous, next),
  };
}

function kindOf(previous: Version | undefined, next: Version): Kind {
  if (next.prerelease) return "prerelease";
  const change = previous === undefined ? "major" : diff(previous.text, next.text);
  if (change === "major" || change === "premajor") return "major";
  return change === "minor" || change === "preminor" ? "minor" : "patch";
}
