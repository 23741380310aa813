import { Fault } from "@release-actions/codes";
import { calver } from "./calver.ts";
import { pep440 } from "./pep440.ts";
import { semver } from "./semver.ts";
import type { Scheme } from "./version.ts";

/**
 * The scheme that a configuration names: `semver`, `v-semver`, `calver:PATTERN`, `pep440`; `prefix` stands before the version in every tag.
 * @throws Fault RA1301 for a name or a pattern that does not exist
 */
export function schemeOf(name: string, prefix = ""): Scheme {
  const scheme = bare(name);
  if (prefix === "") return scheme;
  return {
    ...scheme,
    example: prefix + scheme.example,
    parse: (tag) => {
      if (!tag.startsWith(prefix))
        return { wrong: `it does not begin with ${JSON.stringify(prefix)}` };
      const version = scheme.parse(tag.slice(prefix.length));
      return "wrong" in version ? version : { ...version, tag };
    },
  };
}

function bare(name: string): Scheme {
  if (name === "semver") return semver({ v: false });
  if (name === "v-semver") return semver({ v: true });
  if (name === "pep440") return pep440();
  if (name.startsWith("calver:")) return calver(name.slice("calver:".length));
  throw new Fault("RA1301", { saw: `${JSON.stringify(name)} is not a tag scheme` });
}
