/** Where things are on the ledger's branch. One folder a product: several products may share a repository. */
export function ledgerPaths(product: string, environment: string) {
  const folder = folderName(product);
  const place = `${folder}/${folderName(environment)}`;
  return {
    current: `${place}/current.json`,
    entry: (id: string) => `${place}/entries/${folderName(id)}.json`,
    run: (run: number) => `${place}/runs/${run}.json`,
    version: (version: string) => `${folder}/versions/${folderName(version)}.json`,
    digest: (digest: string) => `${folder}/digests/${folderName(digest)}.json`,
    deposit: (version: string) => `${folder}/zenodo/${folderName(version)}.json`,
  };
}

/** A name as one part of a path: letters, digits, `.`, `_`, `+` and `-`; anything else becomes its code, so that no two names meet. */
function folderName(name: string): string {
  const safe = [...name.toLowerCase()]
    .map((letter) =>
      /[a-z0-9._+-]/.test(letter) ? letter : `=${letter.codePointAt(0)?.toString(16)}=`,
    )
    .join("");
  return safe.startsWith(".") ? `=2e=${safe.slice(1)}` : safe;
}
