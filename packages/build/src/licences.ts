import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

type Licence = { name: string; version: string; licence: string; texts: string[] };

/**
 * The licences of all foreign packages that the given source files belong to, as one text.
 * @throws Error that names packages without a licence
 */
export function licencesOf(modules: string[]): string {
  const folders = new Set(modules.flatMap((file) => packageFolder(file) ?? []));
  const licences = [...folders]
    .map(readLicence)
    .toSorted((a, b) => (`${a.name}@${a.version}` < `${b.name}@${b.version}` ? -1 : 1));
  const without = licences
    .filter((licence) => licence.licence === "")
    .map((licence) => licence.name);
  if (without.length > 0)
    throw new Error(`these packages are bundled and name no licence: ${without.join(", ")}`);
  const blocks = licences.map(({ name, version, licence, texts }) =>
    [`${name} ${version} (${licence})`, ...texts].join("\n\n"),
  );
  return `Licences of the packages in bundle/.\n\n${[...new Set(blocks)].join(`\n\n${"-".repeat(80)}\n\n`)}\n`;
}

/** The folder of the package in node_modules that a file belongs to; none for our own files. */
function packageFolder(file: string): string | undefined {
  if (!file.includes("/node_modules/")) return undefined;
  for (let folder = dirname(file); folder.includes("/node_modules/"); folder = dirname(folder)) {
    // Packages put nameless manifests into their folders to say "type": "module".
    const manifest = join(folder, "package.json");
    if (existsSync(manifest) && "version" in (JSON.parse(readFileSync(manifest, "utf8")) as object))
      return folder;
  }
  return undefined;
}

function readLicence(folder: string): Licence {
  const manifest = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Record<
    string,
    unknown
  >;
  const texts = readdirSync(folder)
    .filter((name) => /^(licen[cs]e|notice|copying)(\.|-|$)/i.test(name))
    .toSorted()
    .map((name) => readFileSync(join(folder, name), "utf8").replace(/\r\n/g, "\n").trim());
  return {
    name: String(manifest["name"]),
    version: String(manifest["version"]),
    licence: typeof manifest["license"] === "string" ? manifest["license"] : "",
    texts:
      texts.length > 0
        ? texts
        : [`The package carries no text of its licence. Its home: ${homeOf(manifest)}`],
  };
}

function homeOf(manifest: Record<string, unknown>): string {
  const repository = manifest["repository"];
  if (typeof repository === "string") return repository;
  if (typeof repository === "object" && repository !== null && "url" in repository) {
    return String(repository.url);
  }
  return `https://www.npmjs.com/package/${String(manifest["name"])}`;
}
