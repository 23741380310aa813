import type { Expected } from "@release-actions/deploy";
import type { Release } from "@release-actions/ledger";
import { fill, type Placeholders } from "./configuration/placeholders.ts";

/** What a cluster must run when somebody else's program has brought a release out. */
export function expectedOf(release: Release, placeholders: Placeholders): { expected: Expected } {
  const images = release.components.map(({ name, image, digest }) => ({ name, image, digest }));
  return { expected: { namespace: placeholders.namespace ?? "default", images } };
}

/** `deploy.vars` with their values; `${image}` is the first component's image by its digest. */
export function filledVars(
  vars: Readonly<Record<string, string>>,
  placeholders: Placeholders,
  { components: [first] }: Release,
): Record<string, string> {
  const values = { ...placeholders, ...(first ? { image: `${first.image}@${first.digest}` } : {}) };
  return Object.fromEntries(
    Object.entries(vars).map(([name, template]) => [name, fill(template, values)]),
  );
}
