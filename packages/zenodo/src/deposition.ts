import { Fault } from "@release-actions/codes";
import { isObject, type Metadata } from "./citation.ts";

/** A draft, or the record that came of it, as the deposit interface shows it to its owner. */
export type Deposition = {
  id: string;
  conceptId: string;
  published: boolean;
  /** The DOI that it has, or will have: Zenodo computes it from the id, reserved or not. */
  doi: string;
  conceptDoi: string;
  metadata: Metadata;
  files: { name: string; md5: string }[];
  /** Where files are put; only of a draft. */
  bucket: string | undefined;
};

/** Fields that Zenodo adds to what was sent. */
const computed = ["doi", "prereserve_doi"];

/** Reads a deposition from Zenodo's JSON. @throws Fault RA7006 */
export function readDeposition(value: unknown): Deposition {
  if (!isObject(value) || !isObject(value["metadata"]))
    throw unreadable("the answer is no deposition");
  const { metadata } = value;
  const id = String(value["id"] ?? "");
  const conceptId = String(value["conceptrecid"] ?? "");
  const reserved = isObject(metadata["prereserve_doi"])
    ? metadata["prereserve_doi"]["doi"]
    : undefined;
  const doi = text(value["doi"]) ?? text(metadata["doi"]) ?? text(reserved);
  if (!isRecordId(id) || !isRecordId(conceptId) || doi === undefined)
    throw unreadable("the deposition lacks its id or its DOI");
  const links = isObject(value["links"]) ? value["links"] : {};
  const files: unknown[] = Array.isArray(value["files"]) ? value["files"] : [];
  return {
    id,
    conceptId,
    published: value["submitted"] === true,
    doi,
    conceptDoi:
      text(value["conceptdoi"]) ?? (doi.endsWith(id) ? doi.slice(0, -id.length) + conceptId : ""),
    metadata: Object.fromEntries(
      Object.entries(metadata).filter(([field]) => !computed.includes(field)),
    ),
    files: files.filter(isObject).map((file) => ({
      name: String(file["filename"]),
      md5: String(file["checksum"]).replace(/^md5:/, ""),
    })),
    bucket: text(links["bucket"]),
  };
}

/** The draft of a new version, as the record interface shows it: enough to tell whose it is. */
export type NewVersion = {
  id: string;
  conceptId: string;
  keys: string[];
  version: string | undefined;
  fresh: boolean;
};

/** Reads the answer to a request for a new version. @throws Fault RA7006 */
export function readNewVersion(value: unknown): NewVersion {
  if (!isObject(value) || !isObject(value["metadata"]) || !isObject(value["parent"]))
    throw unreadable("the answer is no draft");
  const { metadata } = value;
  const id = String(value["id"] ?? "");
  const conceptId = String(value["parent"]["id"] ?? "");
  if (!isRecordId(id) || !isRecordId(conceptId)) throw unreadable("the draft lacks its id");
  const files = isObject(value["files"]) ? value["files"]["count"] : 0;
  const version = text(metadata["version"]);
  return {
    id,
    conceptId,
    keys: relatedIdentifiers(metadata),
    version,
    // A draft that nobody touched: the new version of a record starts without these three.
    fresh: version === undefined && metadata["publication_date"] === undefined && !files,
  };
}

export function relatedIdentifiers(metadata: Metadata): string[] {
  const related: unknown[] = Array.isArray(metadata["related_identifiers"])
    ? metadata["related_identifiers"]
    : [];
  return related.filter(isObject).map((entry) => String(entry["identifier"]));
}

/** The id at the end of a DOI, of its URL, or by itself. @throws Fault RA7020 */
export function recordId(name: string): string {
  const id =
    /^(?:(?:https?:\/\/(?:dx\.)?doi\.org\/|doi:)?10\.\d{4,9}\/[\w-]+\.)?([a-z0-9][a-z0-9-]{0,31})$/i.exec(
      name.trim(),
    )?.[1];
  if (id === undefined)
    throw new Fault("RA7020", { saw: `the record is named ${JSON.stringify(name)}` });
  return id;
}

function isRecordId(id: string): boolean {
  return /^[a-z0-9][a-z0-9-]{0,31}$/i.test(id);
}

function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

function unreadable(saw: string): Fault {
  return new Fault("RA7006", { saw });
}
