import { isObject, type Metadata } from "./citation.ts";

/**
 * The metadata that this release's record is to have: `wanted` laid over what is there, so that what people added on
 * Zenodo stays, with the release's version and its key. Pure.
 */
export function releaseMetadata(options: {
  /** Of the draft itself, or of the previous version. */
  base: Metadata;
  wanted: Metadata;
  version: string;
  key: string;
}): Metadata {
  const { base, wanted, version, key } = options;
  const isPrevious = base["version"] !== undefined && base["version"] !== version;
  const previous = String(base["version"]);
  const kept = related(base).filter((entry) => {
    const identifier = String(entry["identifier"]);
    // The previous release's own key: the same address with its version in it.
    const isOldKey =
      isPrevious &&
      previous !== "" &&
      identifier !== key &&
      identifier.replaceAll(previous, version) === key;
    return !isOldKey && identifier !== key;
  });
  const named = related(wanted).filter((entry) => entry["identifier"] !== key);
  const names = new Set(named.map((entry) => entry["identifier"]));
  const { publication_date: date, ...rest } = base;
  return {
    ...rest,
    ...(isPrevious || date === undefined ? {} : { publication_date: date }),
    ...wanted,
    version,
    related_identifiers: [
      { identifier: key, relation: "isSupplementTo" },
      ...named,
      ...kept.filter((entry) => !names.has(entry["identifier"])),
    ],
  };
}

/** True when the stored metadata already say all that is wanted, in Zenodo's spelling of it. */
export function says(stored: Metadata, wanted: Metadata): boolean {
  return Object.entries(wanted).every(([field, value]) =>
    sameValue(spelled(field, stored[field]), spelled(field, value)),
  );
}

function related(metadata: Metadata): Record<string, unknown>[] {
  const entries: unknown[] = Array.isArray(metadata["related_identifiers"])
    ? metadata["related_identifiers"]
    : [];
  return entries.filter(isObject).map(({ scheme: _scheme, ...entry }) => entry);
}

/** Zenodo spells licences in lower case, adds schemes and null affiliations, and shortens ORCIDs. */
function spelled(field: string, value: unknown): unknown {
  if (field === "license") return String(isObject(value) ? value["id"] : value).toLowerCase();
  if (field === "related_identifiers") return related({ related_identifiers: value });
  if (field === "creators" || field === "contributors") {
    const people: unknown[] = Array.isArray(value) ? value : [];
    return people.filter(isObject).map((person) =>
      Object.fromEntries(
        Object.entries(person)
          .filter(([, part]) => part !== null && part !== "")
          .map(([name, part]) => [
            name,
            name === "type"
              ? String(part).toLowerCase()
              : String(part).replace(/^https?:\/\/orcid\.org\//, ""),
          ]),
      ),
    );
  }
  return value;
}

function sameValue(a: unknown, b: unknown): boolean {
  return JSON.stringify(sorted(a)) === JSON.stringify(sorted(b));
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, part]) => [name, sorted(part)]),
  );
}
