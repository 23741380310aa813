import { type Code, type Finding } from "@release-actions/codes";
import { parseDocument } from "yaml";
import { isOrcid } from "./orcid.ts";

/** A record's metadata in the form of `.zenodo.json`. */
export type Metadata = Readonly<Record<string, unknown>>;

/** What the citation files say, read as Zenodo reads them. `metadata` is there when every finding holds or only warns. */
export type Citation = {
  source?: ".zenodo.json" | "CITATION.cff";
  metadata?: Metadata;
  findings: Finding[];
};

const largestFile = 256 * 1024;
/** All that Zenodo reads of a CITATION.cff, and its own names for it. */
const citationFields = {
  title: "title",
  abstract: "description",
  authors: "creators",
  keywords: "keywords",
  license: "license",
  message: "notes",
} as const;
/** CFF's own bookkeeping, of which nobody expects Zenodo to show anything. */
const silentlyDropped = new Set(["cff-version", "type"]);
const zenodoFields = new Set(
  "title description creators contributors upload_type publication_type image_type publication_date access_right access_conditions embargo_date license keywords notes method related_identifiers references communities grants subjects version language locations dates doi custom thesis_supervisors thesis_university journal_title journal_volume journal_issue journal_pages conference_title conference_acronym conference_dates conference_place conference_url conference_session conference_session_part imprint_publisher imprint_isbn imprint_place partof_title partof_pages prereserve_doi".split(
    " ",
  ),
);
/** What the release says by itself, whatever the file says. */
const ofTheRelease = ["version", "publication_date", "doi", "prereserve_doi"] as const;
const accessRights = ["open", "embargoed", "restricted", "closed"];

/**
 * Reads citation metadata with Zenodo's precedence: `.zenodo.json` if there is one, and then CITATION.cff is not read at all.
 * What Zenodo would refuse is a failed finding, what it would drop is a warning.
 */
export function readMetadata(files: { zenodoJson?: string; citationCff?: string }): Citation {
  if (files.zenodoJson !== undefined) {
    const citation = readZenodoJson(files.zenodoJson);
    if (files.citationCff === undefined) return citation;
    const hidden = warning(
      "RA7015",
      "There is a .zenodo.json, so Zenodo does not read CITATION.cff.",
    );
    return { ...citation, findings: [...citation.findings, hidden] };
  }
  if (files.citationCff !== undefined) return readCitationCff(files.citationCff);
  return { findings: [failure("RA7017", "There is neither a .zenodo.json nor a CITATION.cff.")] };
}

function readZenodoJson(text: string): Citation {
  const source = ".zenodo.json";
  const parsed = parseJson(text);
  if ("saw" in parsed) return { source, findings: [failure("RA7011", `${source}: ${parsed.saw}`)] };
  const given = parsed.value;
  const findings = [
    ...common(given, source),
    ...(given["license"] === undefined || readableLicense(given["license"])
      ? []
      : [
          failure(
            "RA7013",
            `${source}: license is not one text (Zenodo takes one licence, as its id).`,
          ),
        ]),
    ...(given["access_right"] === undefined || accessRights.includes(String(given["access_right"]))
      ? []
      : [failure("RA7013", `${source}: access_right is none of ${accessRights.join(", ")}.`)]),
    ...listProblems(given, source),
    ...dropped(
      Object.keys(given).filter((field) => !zenodoFields.has(field)),
      `${source}: Zenodo does not know`,
    ),
    ...dropped(
      ofTheRelease.filter((field) => given[field] !== undefined),
      `${source}: the release sets these itself:`,
    ),
  ];
  const metadata = Object.fromEntries(
    Object.entries(given).filter(
      ([field]) => zenodoFields.has(field) && !(ofTheRelease as readonly string[]).includes(field),
    ),
  );
  return result(source, { upload_type: "software", ...metadata }, findings);
}

function readCitationCff(text: string): Citation {
  const source = "CITATION.cff";
  const parsed = parseYaml(text);
  if ("saw" in parsed) return { source, findings: [failure("RA7011", `${source}: ${parsed.saw}`)] };
  const given = parsed.value;
  const renamed: Record<string, unknown> = {};
  for (const [field, name] of Object.entries(citationFields)) {
    if (given[field] !== undefined) renamed[name] = given[field];
  }
  if (Array.isArray(renamed["creators"]))
    renamed["creators"] = (renamed["creators"] as unknown[]).map(author);
  const findings = [
    ...common(renamed, source),
    ...(renamed["license"] === undefined || typeof renamed["license"] === "string"
      ? []
      : [
          failure(
            "RA7013",
            `${source}: license is a list; Zenodo reads one licence only and then takes no record at all.`,
          ),
        ]),
    ...dropped(
      Object.keys(given).filter(
        (field) => !Object.hasOwn(citationFields, field) && !silentlyDropped.has(field),
      ),
      `${source}: Zenodo does not read`,
    ),
  ];
  return result(source, { upload_type: "software", ...renamed }, findings);
}

/** What holds for both files: a title, creators with names, texts that are texts, right ORCIDs. */
function common(given: Record<string, unknown>, source: string): Finding[] {
  const findings: Finding[] = [];
  const title = given["title"];
  if (title === undefined) findings.push(failure("RA7012", `${source}: there is no title.`));
  else if (typeof title !== "string" || [...title.trim()].length < 3) {
    findings.push(failure("RA7012", `${source}: the title is shorter than three letters.`));
  }
  for (const field of ["description", "notes", "upload_type", "language"]) {
    if (given[field] !== undefined && typeof given[field] !== "string") {
      findings.push(failure("RA7013", `${source}: ${field} is not a text.`));
    }
  }
  const keywords = given["keywords"];
  if (
    keywords !== undefined &&
    !(Array.isArray(keywords) && keywords.every((keyword) => typeof keyword === "string"))
  ) {
    findings.push(failure("RA7013", `${source}: keywords is not a list of texts.`));
  }
  const creators = given["creators"];
  if (!Array.isArray(creators) || creators.length === 0) {
    return [...findings, failure("RA7012", `${source}: there are no creators.`)];
  }
  for (const list of ["creators", "contributors"]) {
    const people: unknown = given[list];
    if (Array.isArray(people))
      findings.push(
        ...people.flatMap((person: unknown, index) =>
          personProblems(person, `${source}: ${list}[${index}]`),
        ),
      );
  }
  return findings;
}

function personProblems(person: unknown, where: string): Finding[] {
  if (!isObject(person)) return [failure("RA7013", `${where} is not a mapping.`)];
  const findings: Finding[] = [];
  if (typeof person["name"] !== "string" || person["name"].trim() === "") {
    findings.push(failure("RA7012", `${where} has no name.`));
  }
  const orcid = person["orcid"];
  if (orcid !== undefined && orcid !== "" && (typeof orcid !== "string" || !isOrcid(orcid))) {
    findings.push(failure("RA7014", `${where} has the ORCID ${JSON.stringify(orcid)}.`));
  }
  return findings;
}

function listProblems(given: Record<string, unknown>, source: string): Finding[] {
  const findings: Finding[] = [];
  const related = given["related_identifiers"];
  if (related !== undefined) {
    const right =
      Array.isArray(related) &&
      (related as unknown[]).every(
        (entry) =>
          isObject(entry) &&
          typeof entry["identifier"] === "string" &&
          typeof entry["relation"] === "string",
      );
    if (!right)
      findings.push(
        failure(
          "RA7013",
          `${source}: related_identifiers is not a list of {identifier, relation}.`,
        ),
      );
  }
  const communities = given["communities"];
  if (communities !== undefined) {
    const right =
      Array.isArray(communities) &&
      (communities as unknown[]).every(
        (entry) => isObject(entry) && typeof entry["identifier"] === "string",
      );
    if (!right)
      findings.push(failure("RA7013", `${source}: communities is not a list of {identifier}.`));
  }
  return findings;
}

function author(entry: unknown): unknown {
  if (!isObject(entry)) return entry;
  const text = (field: string): string => (typeof entry[field] === "string" ? entry[field] : "");
  const name =
    text("name") || [text("family-names"), text("given-names")].filter(Boolean).join(", ");
  const orcid = entry["orcid"];
  return {
    ...(name ? { name } : {}),
    ...(text("affiliation") ? { affiliation: text("affiliation") } : {}),
    ...(typeof orcid === "string"
      ? { orcid: orcid.replace(/^https?:\/\/orcid\.org\//, "") }
      : orcid === undefined
        ? {}
        : { orcid }),
  };
}

function readableLicense(license: unknown): boolean {
  return typeof license === "string" || (isObject(license) && typeof license["id"] === "string");
}

function parseJson(text: string): { value: Record<string, unknown> } | { saw: string } {
  if (text.length > largestFile) return { saw: "the file is larger than 256 KiB." };
  let value: unknown;
  try {
    value = JSON.parse(text.replace(/^\uFEFF/, ""));
  } catch (error) {
    return { saw: error instanceof Error ? error.message : "it is not JSON." };
  }
  return isObject(value) ? { value } : { saw: "it is not a JSON object." };
}

function parseYaml(text: string): { value: Record<string, unknown> } | { saw: string } {
  if (text.length > largestFile) return { saw: "the file is larger than 256 KiB." };
  try {
    // Zenodo takes the last of two equal keys. Looking for them takes the parser a minute for a file of keys.
    const document = parseDocument(text, { prettyErrors: true, uniqueKeys: false });
    const error = document.errors[0];
    if (error) return { saw: error.message.split("\n")[0] ?? "it is not YAML." };
    const value: unknown = document.toJS({ maxAliasCount: 100 });
    return isObject(value) ? { value } : { saw: "it is not a mapping." };
  } catch (error) {
    return { saw: error instanceof Error ? error.message : "it is not YAML." };
  }
}

function result(
  source: NonNullable<Citation["source"]>,
  metadata: Metadata,
  findings: Finding[],
): Citation {
  const usable = findings.every(({ holds }) => holds);
  return { source, ...(usable ? { metadata } : {}), findings };
}

function dropped(fields: readonly string[], saw: string): Finding[] {
  return fields.length === 0 ? [] : [warning("RA7016", `${saw} ${fields.join(", ")}.`)];
}

function failure(code: Code, saw: string): Finding {
  return { rule: "citation", holds: false, saw, code };
}

function warning(code: Code, saw: string): Finding {
  return { rule: "citation", holds: true, warning: true, saw, code };
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
