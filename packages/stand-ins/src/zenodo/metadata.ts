import { isOrcid } from "./orcid.ts";
import type { FieldError } from "./problem.ts";

type Identifier = { identifier: string; scheme: string };

export type Creator = {
  person_or_org: {
    type?: string;
    name?: string;
    given_name?: string;
    family_name?: string;
    identifiers?: Identifier[];
  };
  affiliations?: { name: string }[];
  role?: { id: string };
};

/** A record's metadata in InvenioRDM's form: the one form that is kept; the legacy form is computed from it. */
export type Metadata = {
  title?: string;
  description?: string;
  publication_date?: string;
  resource_type?: { id: string };
  creators?: Creator[];
  contributors?: Creator[];
  publisher?: string;
  version?: string;
  rights?: { id: string }[];
  subjects?: { subject: string }[];
  related_identifiers?: (Identifier & {
    relation_type: { id: string };
    resource_type?: { id: string };
  })[];
  identifiers?: Identifier[];
  references?: { reference: string }[];
  languages?: { id: string }[];
  additional_descriptions?: { description: string; type: { id: string } }[];
  /** Legacy fields that are kept and given back but not understood: grants, journal_title and their like. */
  kept?: Record<string, unknown>;
};

const missing = "Missing data for required field.";
const publications =
  "annotationcollection article book conferencepaper datamanagementplan deliverable dissertation journal milestone other patent peerreview preprint proposal report section softwaredocumentation standard taxonomictreatment technicalnote thesis workingpaper";
const images = "diagram drawing figure other photo plot";
const resourceTypes = new Set([
  ..."dataset event image lesson model other physicalobject poster presentation publication software video workflow".split(
    " ",
  ),
  "software-computationalnotebook",
  ...publications.split(" ").map((name) => `publication-${name}`),
  ...images.split(" ").map((name) => `image-${name}`),
]);

/** Takes away what a draft cannot hold, and says what it was: Zenodo saves a draft with errors and reports them. */
export function withoutInvalid(metadata: Metadata): { metadata: Metadata; errors: FieldError[] } {
  const kept: Metadata = { ...metadata };
  const errors: FieldError[] = [];
  const drop = (field: keyof Metadata, message: string): void => {
    delete kept[field];
    errors.push({ field: `metadata.${field}`, messages: [message] });
  };
  if (kept.title !== undefined && length(kept.title) < 3)
    drop("title", "Shorter than minimum length 3.");
  if (kept.description !== undefined && length(kept.description) < 3) {
    drop("description", "Shorter than minimum length 3.");
  }
  if (kept.publication_date !== undefined && !isDate(kept.publication_date)) {
    drop("publication_date", "Please provide a valid date or interval.");
  }
  if (kept.version !== undefined && length(kept.version) > 191)
    drop("version", "Longer than maximum length 191.");
  if (kept.resource_type !== undefined && !resourceTypes.has(String(kept.resource_type.id))) {
    drop("resource_type", `Invalid value ${String(kept.resource_type.id)}.`);
  }
  return { metadata: kept, errors };
}

/** What keeps these metadata from being published; empty when nothing does. */
export function publicationErrors(metadata: Metadata): FieldError[] {
  const errors: FieldError[] = [];
  const report = (field: string, message: string): void =>
    void errors.push({ field: `metadata.${field}`, messages: [message] });
  if (metadata.resource_type === undefined) report("resource_type", missing);
  if (!metadata.creators?.length) report("creators", missing);
  if (metadata.title === undefined) report("title", missing);
  if (metadata.publication_date === undefined) report("publication_date", missing);
  for (const list of ["creators", "contributors"] as const) {
    for (const [index, creator] of (metadata[list] ?? []).entries()) {
      for (const [field, message] of creatorErrors(creator))
        report(`${list}.${index}.${field}`, message);
      if (list === "contributors" && creator.role === undefined)
        report(`${list}.${index}.role`, missing);
    }
  }
  for (const [index, related] of (metadata.related_identifiers ?? []).entries()) {
    if (!related.scheme) report(`related_identifiers.${index}.scheme`, "Invalid scheme.");
  }
  if (!metadata.publisher)
    report("publisher", "Missing publisher field required for DOI registration.");
  return errors;
}

function creatorErrors(creator: Creator): [field: string, message: string][] {
  const person = creator.person_or_org;
  const errors: [string, string][] = [];
  if (person.type === "organizational") {
    if (!person.name) errors.push(["person_or_org.name", "Name cannot be blank."]);
  } else if (person.type === "personal") {
    if (!person.family_name)
      errors.push(["person_or_org.family_name", "Family name cannot be blank."]);
  } else {
    errors.push([
      "person_or_org.type",
      "Invalid value. Choose one of ['organizational', 'personal'].",
    ]);
  }
  for (const [index, identifier] of (person.identifiers ?? []).entries()) {
    if (identifier.scheme === "orcid" && !isOrcid(identifier.identifier)) {
      errors.push([`person_or_org.identifiers.${index}.identifier`, "Invalid ORCID identifier."]);
    }
  }
  return errors;
}

/** The scheme that Zenodo reads from an identifier's form; empty when it knows none. */
export function schemeOf(identifier: string): string {
  if (/^https?:\/\/[^\s/]+\.[^\s/]+/.test(identifier))
    return /^https?:\/\/(dx\.)?doi\.org\/10\./.test(identifier) ? "doi" : "url";
  if (/^(doi:)?10\.\d{4,}(\.\d+)*\/\S+$/i.test(identifier)) return "doi";
  if (/^arxiv:/i.test(identifier)) return "arxiv";
  return "";
}

function isDate(text: string): boolean {
  const parts = String(text).split("/");
  return (
    parts.length <= 2 &&
    parts.every((part) => {
      const match = /^(\d{4})(?:-(\d\d)(?:-(\d\d))?)?$/.exec(part);
      if (!match) return false;
      const [, year, month = "01", day = "01"] = match;
      const date = new Date(`${year}-${month}-${day}T00:00:00Z`);
      return (
        !Number.isNaN(date.getTime()) && date.toISOString().startsWith(`${year}-${month}-${day}`)
      );
    })
  );
}

function length(text: string): number {
  return [...String(text)].length;
}
