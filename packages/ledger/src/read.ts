import { Fault } from "@release-actions/codes";
import type { Current, Entry, Release, VersionRecord } from "./entry.ts";

/** Reads `current.json`. @throws Fault RA5010 when the file is not what this version writes */
export function readCurrent(path: string, text: string | undefined): Current | undefined {
  return text === undefined ? undefined : check(path, text, isCurrent);
}

/** Reads a version's record. @throws Fault RA5010 */
export function readVersionRecord(
  path: string,
  text: string | undefined,
): VersionRecord | undefined {
  return text === undefined ? undefined : check(path, text, isVersionRecord);
}

/** Reads an entry. @throws Fault RA5010 */
export function readEntry(path: string, text: string | undefined): Entry | undefined {
  return text === undefined ? undefined : check(path, text, isEntry);
}

/** Reads which entry a run has opened. @throws Fault RA5010 */
export function readRun(path: string, text: string | undefined): string | undefined {
  return text === undefined
    ? undefined
    : check(
        path,
        text,
        (value): value is { entry: string } => isObject(value) && isText(value["entry"]),
      ).entry;
}

function check<T>(path: string, text: string, holds: (value: unknown) => value is T): T {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new Fault("RA5010", { saw: `${path} on the ledger's branch is not JSON`, cause });
  }
  if (!holds(value))
    throw new Fault("RA5010", {
      saw: `${path} on the ledger's branch does not have the ledger's form`,
    });
  return value;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const isText = (value: unknown): value is string => typeof value === "string";
const isList = (value: unknown, holds: (item: unknown) => boolean): boolean =>
  Array.isArray(value) && value.every(holds);

function isRelease(value: unknown): value is Release {
  return (
    isObject(value) &&
    isText(value["version"]) &&
    isText(value["tag"]) &&
    isText(value["commit"]) &&
    isList(
      value["components"],
      (item) =>
        isObject(item) &&
        isText(item["name"]) &&
        isText(item["image"]) &&
        isText(item["digest"]) &&
        /^sha(256:[0-9a-f]{64}|512:[0-9a-f]{128})$/.test(item["digest"]),
    ) &&
    (value["elsewhere"] === undefined ||
      (isObject(value["elsewhere"]) &&
        Object.values(value["elsewhere"]).every(
          (commit) => isText(commit) && /^[0-9a-f]{40,64}$/.test(commit),
        )))
  );
}

function isEntry(value: unknown): value is Entry {
  return (
    isObject(value) &&
    isText(value["id"]) &&
    isText(value["environment"]) &&
    isText(value["actor"]) &&
    isText(value["openedAt"]) &&
    ["running", "passed", "failed", "rolled-back"].includes(String(value["result"])) &&
    ["release", "rollback", "restore"].includes(String(value["action"])) &&
    isObject(value["run"]) &&
    typeof value["run"]["id"] === "number" &&
    isRelease(value["release"])
  );
}

function isCurrent(value: unknown): value is Current {
  return (
    isObject(value) &&
    isEntry(value["latest"]) &&
    (value["checks"] === undefined ||
      (isObject(value["checks"]) &&
        Object.values(value["checks"]).every(
          (check) => isObject(check) && isText(check["at"]) && isText(check["version"]),
        ))) &&
    isList(
      value["passed"],
      (item) =>
        isObject(item) && isText(item["entry"]) && isText(item["at"]) && isRelease(item["release"]),
    )
  );
}

function isVersionRecord(value: unknown): value is VersionRecord {
  const isLine = (item: unknown): boolean =>
    isObject(item) && isText(item["environment"]) && isText(item["entry"]) && isText(item["at"]);
  const absentOr = (item: unknown, holds: (item: unknown) => boolean): boolean =>
    item === undefined || holds(item);
  return (
    isObject(value) &&
    isList(
      value["passes"],
      (item) => isLine(item) && isObject(item) && isRelease(item["release"]),
    ) &&
    isList(value["withdrawn"], isLine) &&
    absentOr(value["issue"], isIssueRecord) &&
    absentOr(value["decisions"], (list) => isList(list, isDecision)) &&
    absentOr(value["accepted"], (list) =>
      isList(list, (item) => isLine(item) && isBySomebody(item)),
    ) &&
    absentOr(value["notices"], (list) => isList(list, isNotice))
  );
}

function isIssueRecord(value: unknown): boolean {
  return (
    isObject(value) &&
    typeof value["number"] === "number" &&
    isText(value["url"]) &&
    isText(value["purpose"]) &&
    ["open", "closed"].includes(String(value["state"])) &&
    isList(
      value["subIssues"],
      (item) => isObject(item) && isText(item["item"]) && typeof item["number"] === "number",
    )
  );
}

function isBySomebody(value: unknown): boolean {
  return isObject(value) && isText(value["login"]) && isText(value["role"]);
}

function isDecision(value: unknown): boolean {
  return (
    isObject(value) &&
    isBySomebody(value) &&
    ["approve", "refuse", "accept", "rollback"].includes(String(value["kind"])) &&
    typeof value["comment"] === "number" &&
    isText(value["at"]) &&
    isText(value["url"])
  );
}

function isNotice(value: unknown): boolean {
  return (
    isObject(value) &&
    [value["key"], value["event"], value["to"], value["at"], value["title"]].every(isText) &&
    ["due", "sending", "sent", "refused", "unknown"].includes(String(value["state"])) &&
    isList(
      value["lines"],
      (line) => isObject(line) && isText(line["label"]) && isText(line["text"]),
    )
  );
}
