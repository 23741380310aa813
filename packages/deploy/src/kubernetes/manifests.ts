import { Fault } from "@release-actions/codes";
import type { Document, Tags } from "yaml";
import { isScalar, LineCounter, parseAllDocuments, visit } from "yaml";
import { isMapping, textAt, type KubeObject } from "./object.ts";

export type ManifestFile = { path: string; text: string };

const fileLimit = 1024 * 1024;
const totalLimit = 8 * 1024 * 1024;
const objectLimit = 1000;

/** One object and the place it was written, `path:line`. */
export type Written = { object: KubeObject; place: string };

/**
 * Reads the objects of manifest files: several documents a file, lists taken apart, empty documents left out.
 * Sizes are limited to 1 MiB a file, 8 MiB and 1000 objects in all.
 * @throws Fault RA3005 with path, line and column; RA3006 for files that another program has to render.
 */
export function readManifests(
  files: readonly ManifestFile[],
  fill: (text: string) => string,
): Written[] {
  const total = files.reduce((sum, file) => sum + file.text.length, 0);
  if (total > totalLimit)
    throw unreadable(
      "the manifests",
      `they are ${total} characters together, more than ${totalLimit}`,
    );
  const written = files.flatMap((file) => readFile(file, fill));
  if (written.length > objectLimit) {
    throw unreadable(
      "the manifests",
      `they hold ${written.length} objects, more than ${objectLimit}`,
    );
  }
  return written;
}

function readFile(file: ManifestFile, fill: (text: string) => string): Written[] {
  if (file.text.length > fileLimit)
    throw unreadable(file.path, `it is larger than ${fileLimit} characters`);
  const lines = new LineCounter();
  const documents = parseAllDocuments(file.text, {
    // kubectl reads YAML 1.1 (0644 is octal, `<<` merges) but leaves dates and 12:30 as texts.
    version: "1.1",
    customTags: asKubectl,
    lineCounter: lines,
    // The parser compares each key with each other, which takes it minutes for a large ConfigMap.
    uniqueKeys: false,
    prettyErrors: true,
  });
  if (!Array.isArray(documents)) return [];
  return documents.flatMap((document) => {
    const error = document.errors[0];
    if (error) {
      const at = error.linePos?.[0];
      const message = (error.message.split("\n", 1)[0] ?? "").replace(
        / at line \d+, column \d+:?$/,
        "",
      );
      throw unreadable(at ? `${file.path}:${at.line}:${at.col}` : file.path, message);
    }
    const repeated = repeatedKey(document);
    if (repeated !== undefined) {
      const { line, col } = lines.linePos(repeated);
      throw unreadable(`${file.path}:${line}:${col}`, "Map keys must be unique");
    }
    const start = lines.linePos(document.contents?.range?.[0] ?? 0);
    return objectsOf(valueOf(document, file.path), `${file.path}:${start.line}`, fill);
  });
}

/** Where the first key stands that its mapping has already. */
function repeatedKey(document: Document.Parsed): number | undefined {
  let at: number | undefined;
  visit(document, {
    Map: (_, map) => {
      const known = new Set<unknown>();
      for (const { key } of map.items) {
        if (!isScalar(key) || key.value === "<<") continue;
        if (known.has(key.value)) {
          at = key.range?.[0] ?? 0;
          return visit.BREAK;
        }
        known.add(key.value);
      }
      return undefined;
    },
  });
  return at;
}

function valueOf(document: Document.Parsed, path: string): unknown {
  try {
    return document.toJS({ maxAliasCount: 20 });
  } catch (error) {
    throw unreadable(path, error instanceof Error ? error.message : "it cannot be resolved");
  }
}

function objectsOf(value: unknown, place: string, fill: (text: string) => string): Written[] {
  if (value === null || value === undefined) return [];
  if (!isMapping(value)) throw unreadable(place, "the document is not a mapping");
  const apiVersion = textAt(value, "apiVersion");
  const kind = textAt(value, "kind");
  if (!apiVersion || !kind) throw unreadable(place, "the document has no apiVersion or no kind");
  if (apiVersion.startsWith("kustomize.config.k8s.io/")) {
    throw new Fault("RA3006", {
      saw: `${place} is a kustomization, which needs kustomize to become objects.`,
    });
  }
  if (apiVersion === "v1" && kind === "List" && Array.isArray(value["items"])) {
    return value["items"].flatMap((item) => objectsOf(item, place, fill));
  }
  const filled = fillTexts(value, fill);
  checkName(filled, kind, place);
  return [{ object: filled as KubeObject, place }];
}

function checkName(value: unknown, kind: string, place: string): void {
  const name = textAt(value, "metadata", "name");
  if (name === "") throw unreadable(place, `the ${kind} has no metadata.name`);
  if (!/^[A-Za-z0-9]([-A-Za-z0-9._:]*[A-Za-z0-9])?$/.test(name) || name.length > 253) {
    throw unreadable(
      place,
      `the ${kind} has a metadata.name that Kubernetes does not allow: ${JSON.stringify(name)}`,
    );
  }
  const namespace =
    isMapping(value) && isMapping(value["metadata"]) ? value["metadata"]["namespace"] : undefined;
  if (namespace === undefined || namespace === null) return;
  if (typeof namespace !== "string" || !isNamespace(namespace)) {
    throw unreadable(
      place,
      `the ${kind} has a metadata.namespace that Kubernetes does not allow: ${JSON.stringify(namespace)}`,
    );
  }
}

/** True for a name that a namespace can have. */
export function isNamespace(name: string): boolean {
  return /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/.test(name) && name.length <= 63;
}

function fillTexts(value: unknown, fill: (text: string) => string): unknown {
  if (typeof value === "string") return fill(value);
  if (Array.isArray(value)) return value.map((item) => fillTexts(item, fill));
  if (!isMapping(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, fillTexts(item, fill)]),
  );
}

function asKubectl(tags: Tags): Tags {
  return tags.filter(
    (tag) =>
      typeof tag === "string" ||
      (tag.tag !== "tag:yaml.org,2002:timestamp" && !("format" in tag && tag.format === "TIME")),
  );
}

function unreadable(place: string, why: string): Fault {
  return new Fault("RA3005", { saw: `${place}: ${why.replace(/\.$/, "")}.` });
}
