import { schemeOf, type Creator, type Metadata } from "./metadata.ts";
import { invalid, type FieldError, type Problem } from "./problem.ts";

type Json = Record<string, unknown>;

/** What a legacy deposition's body says besides its metadata proper. */
export type LegacyInput = {
  metadata: Metadata;
  access: Access;
  communities: string[];
};

export type Access = { right: "open" | "embargoed" | "restricted"; until?: string };

/** Legacy metadata fields that are stored and given back as they came. */
const keptFields =
  "grants journal_title journal_volume journal_issue journal_pages conference_title conference_acronym conference_dates conference_place conference_url conference_session conference_session_part imprint_isbn imprint_place partof_title partof_pages thesis_university subjects locations dates custom".split(
    " ",
  );

/** Reads the body of a legacy POST or PUT. A PUT replaces everything: what is absent is gone, but the date, which is today's. @throws Problem */
export function readLegacy(body: unknown, today: string): LegacyInput {
  if (!isObject(body)) throw invalid([{ field: "_schema", messages: ["Invalid input type."] }]);
  const unknown = Object.keys(body).filter((key) => key !== "metadata" && key !== "files");
  if (unknown.length > 0)
    throw invalid(unknown.map((field) => ({ field, messages: ["Unknown field."] })));
  const given = body["metadata"] ?? {};
  if (!isObject(given)) throw invalid([{ field: "metadata", messages: ["Invalid input type."] }]);
  if (body["metadata"] === undefined)
    return { metadata: {}, access: { right: "open" }, communities: [] };

  const access = readAccess(given);
  const related = readRelated(given["related_identifiers"]);
  const type = text(given["upload_type"]);
  const subtype = type === undefined ? undefined : text(given[`${type}_type`]);
  const creators = readPeople(given["creators"], "creators");
  const contributors = [
    ...(readPeople(given["thesis_supervisors"], "thesis_supervisors") ?? []).map((person) => ({
      ...person,
      role: { id: "supervisor" },
    })),
    ...(readPeople(given["contributors"], "contributors") ?? []),
  ];
  const notes = text(given["notes"]);
  const method = text(given["method"]);
  const kept = Object.fromEntries(
    keptFields.filter((field) => given[field] !== undefined).map((field) => [field, given[field]]),
  );
  const metadata: Metadata = {
    ...defined("title", text(given["title"])),
    ...defined("description", text(given["description"])),
    publication_date: text(given["publication_date"]) ?? today,
    ...(type === undefined
      ? {}
      : { resource_type: { id: subtype === undefined ? type : `${type}-${subtype}` } }),
    ...defined("creators", creators),
    ...(contributors.length > 0 ? { contributors } : {}),
    publisher: text(given["imprint_publisher"]) ?? "Zenodo",
    ...defined("version", text(given["version"])),
    ...defined("rights", readLicense(given, access)),
    ...(Array.isArray(given["keywords"])
      ? { subjects: given["keywords"].map((keyword) => ({ subject: String(keyword) })) }
      : {}),
    ...(related.related.length > 0 ? { related_identifiers: related.related } : {}),
    ...(related.alternate.length > 0 ? { identifiers: related.alternate } : {}),
    ...(Array.isArray(given["references"])
      ? { references: given["references"].map((reference) => ({ reference: String(reference) })) }
      : {}),
    ...(text(given["language"]) === undefined
      ? {}
      : { languages: [{ id: String(given["language"]) }] }),
    ...(notes === undefined && method === undefined
      ? {}
      : {
          additional_descriptions: [
            ...(notes === undefined ? [] : [{ description: notes, type: { id: "notes" } }]),
            ...(method === undefined ? [] : [{ description: method, type: { id: "methods" } }]),
          ],
        }),
    ...(Object.keys(kept).length > 0 ? { kept } : {}),
  };
  return { metadata, access, communities: readCommunities(given["communities"]) };
}

/** The legacy form of stored metadata. */
export function showLegacy(metadata: Metadata): Json {
  const [type, subtype] = (metadata.resource_type?.id ?? "").split("-");
  const description = (id: string): string | undefined =>
    metadata.additional_descriptions?.find((entry) => entry.type.id === id)?.description;
  const related = [
    ...(metadata.related_identifiers ?? []).map((entry) => ({
      identifier: entry.identifier,
      relation:
        relations.find((name) => name.toLowerCase() === entry.relation_type.id) ??
        entry.relation_type.id,
      ...(entry.resource_type ? { resource_type: entry.resource_type.id } : {}),
      scheme: entry.scheme,
    })),
    ...(metadata.identifiers ?? []).map((entry) => ({
      identifier: entry.identifier,
      relation: "isAlternateIdentifier",
      scheme: entry.scheme,
    })),
  ];
  return {
    ...defined("title", metadata.title),
    ...defined("publication_date", metadata.publication_date),
    ...defined("description", metadata.description),
    ...defined("creators", metadata.creators?.map(showPerson)),
    ...defined(
      "contributors",
      metadata.contributors?.map((person) => ({
        ...showPerson(person),
        ...(person.role ? { type: person.role.id } : {}),
      })),
    ),
    ...defined(
      "keywords",
      metadata.subjects?.map(({ subject }) => subject),
    ),
    ...(related.length > 0 ? { related_identifiers: related } : {}),
    ...defined("version", metadata.version),
    ...defined(
      "references",
      metadata.references?.map(({ reference }) => reference),
    ),
    ...defined("language", metadata.languages?.[0]?.id),
    ...defined("license", metadata.rights?.[0]?.id),
    ...defined("notes", description("notes")),
    ...defined("method", description("methods")),
    ...defined("imprint_publisher", metadata.publisher),
    ...(type ? { upload_type: type } : {}),
    ...(type && subtype ? { [`${type}_type`]: subtype } : {}),
    ...metadata.kept,
  };
}

const relations =
  "isCitedBy cites isSupplementTo isSupplementedBy isContinuedBy continues isDescribedBy describes hasMetadata isMetadataFor hasVersion isVersionOf isNewVersionOf isPreviousVersionOf isPartOf hasPart isPublishedIn isReferencedBy references isDocumentedBy documents isCompiledBy compiles isVariantFormOf isOriginalFormOf isIdenticalTo isReviewedBy reviews isDerivedFrom isSourceOf isRequiredBy requires isObsoletedBy obsoletes".split(
    " ",
  );

function readPeople(value: unknown, list: string): Creator[] | undefined {
  if (value === undefined) return undefined;
  if (!Array.isArray(value)) throw badField(list, "Not a valid list.");
  return value.map((person: unknown, index) => {
    if (!isObject(person)) throw badField(`${list}.${index}`, "Invalid input type.");
    const name = text(person["name"]);
    const comma = name?.split(",") ?? [];
    const identifiers = (["orcid", "gnd"] as const).flatMap((scheme) => {
      const identifier = text(person[scheme]);
      return identifier === undefined
        ? []
        : [{ scheme, identifier: identifier.replace(/^https?:\/\/orcid\.org\//, "") }];
    });
    const [family, given] = comma.length === 2 ? comma.map((part) => part.trim()) : [name];
    return {
      person_or_org: {
        type: "personal",
        ...defined("family_name", family),
        ...defined("given_name", given),
        ...(family === undefined ? {} : { name: [family, given].filter(Boolean).join(", ") }),
        ...(identifiers.length > 0 ? { identifiers } : {}),
      },
      ...(text(person["affiliation"]) === undefined
        ? {}
        : { affiliations: [{ name: String(person["affiliation"]) }] }),
      ...(text(person["type"]) === undefined
        ? {}
        : { role: { id: String(person["type"]).toLowerCase() } }),
    };
  });
}

function showPerson(person: Creator): Json {
  const identifier = (scheme: string): string | undefined =>
    person.person_or_org.identifiers?.find((entry) => entry.scheme === scheme)?.identifier;
  return {
    ...defined("name", person.person_or_org.name),
    affiliation: person.affiliations?.[0]?.name ?? null,
    ...defined("orcid", identifier("orcid")),
    ...defined("gnd", identifier("gnd")),
  };
}

function readRelated(value: unknown): {
  related: NonNullable<Metadata["related_identifiers"]>;
  alternate: NonNullable<Metadata["identifiers"]>;
} {
  if (value === undefined) return { related: [], alternate: [] };
  if (!Array.isArray(value))
    throw badField("related_identifiers", "related_identifiers must be a list");
  const related: NonNullable<Metadata["related_identifiers"]> = [];
  const alternate: NonNullable<Metadata["identifiers"]> = [];
  for (const [index, entry] of (value as unknown[]).entries()) {
    const field = `related_identifiers.${index}`;
    if (!isObject(entry)) throw badField(field, "Each related identifier must be an object");
    if (entry["relation"] !== undefined && typeof entry["relation"] !== "string") {
      throw badField(`${field}.relation`, "relation must be a string");
    }
    const identifier = String(entry["identifier"] ?? "");
    const scheme = schemeOf(identifier);
    if (scheme === "") throw badField(`${field}.identifier`, "Invalid identifier.");
    const relation = String(entry["relation"] ?? "");
    if (relation === "isAlternateIdentifier") alternate.push({ identifier, scheme });
    else {
      if (!relations.includes(relation))
        throw badField(`${field}.relation`, `Invalid value ${relation}.`);
      const type = text(entry["resource_type"]);
      related.push({
        identifier,
        scheme,
        relation_type: { id: relation.toLowerCase() },
        ...(type === undefined ? {} : { resource_type: { id: type } }),
      });
    }
  }
  return { related, alternate };
}

function readLicense(given: Json, access: Access): { id: string }[] | undefined {
  const value = given["license"];
  if (value === undefined) {
    if (access.right === "restricted") return undefined;
    return [{ id: given["upload_type"] === "dataset" ? "cc0-1.0" : "cc-by-4.0" }];
  }
  if (typeof value !== "string" && !isObject(value)) {
    throw badField(
      "license",
      `Invalid license value provided (expected string, or object with 'id' key): ${JSON.stringify(value)}`,
    );
  }
  const id = typeof value === "string" ? value : value["id"];
  if (typeof id !== "string")
    throw badField(
      "license",
      `Invalid license object provided (missing 'id' key): ${JSON.stringify(value)}`,
    );
  if (!/^[A-Za-z0-9][A-Za-z0-9.+-]*$/.test(id))
    throw badField("license", `Invalid license provided: ${id}`);
  return [{ id: id.toLowerCase() }];
}

function readAccess(given: Json): Access {
  const right = given["access_right"] ?? "open";
  const until = text(given["embargo_date"]);
  if (right === "open") return { right };
  if (right === "restricted" || right === "closed") return { right: "restricted" };
  if (right === "embargoed" && until !== undefined) return { right, until };
  throw invalid([{ field: "_schema", messages: ["Unknown access type."] }]);
}

function readCommunities(value: unknown): string[] {
  if (value === undefined) return [];
  const entries: unknown[] = Array.isArray(value) ? value : [undefined];
  return entries.map((entry) => {
    if (!isObject(entry) || typeof entry["identifier"] !== "string") {
      throw invalid([
        {
          field: "communities",
          messages: ["Communities must be an array of objects with an 'identifier' key."],
        },
      ]);
    }
    return entry["identifier"];
  });
}

function badField(field: string, message: string): Problem {
  const error: FieldError = { field: `metadata.${field}`, messages: [message] };
  return invalid([error]);
}

function text(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

function defined<K extends string, V>(key: K, value: V | undefined): { [P in K]?: V } {
  return value === undefined ? {} : ({ [key]: value } as { [P in K]?: V });
}

export function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
