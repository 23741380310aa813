import { readWorkflow } from "./document.ts";
import { matchesFilter } from "./glob.ts";

/** What happened in the repository. `ref` is full; `changed` lists the files of a push where the payload does not. */
export type TriggerEvent = {
  name: string;
  action?: string | undefined;
  payload?: unknown;
  ref?: string;
  changed?: string[];
};

type Reason = { reason: string };

type Filters = Record<string, unknown>;

const skipMarks = ["[skip ci]", "[ci skip]", "[no ci]", "[skip actions]", "[actions skip]"];
const defaultTypes: Record<string, string[]> = {
  pull_request: ["opened", "synchronize", "reopened"],
  pull_request_target: ["opened", "synchronize", "reopened"],
};

/** Does `on:` with its filters admit this event? Who caused it (GITHUB_TOKEN starts nothing) is not asked here. */
export function startsOn(workflowText: string, event: TriggerEvent): boolean {
  return reasonNotToStart(workflowText, event) === undefined;
}

/** The sentence why `on:` does not admit this event. A file that is no YAML starts, so that its run can refuse it. */
export function reasonNotToStart(workflowText: string, event: TriggerEvent): string | undefined {
  const on = triggersOf(workflowText);
  if (on === undefined) return undefined;
  if (!Object.hasOwn(on, event.name)) {
    return `on: names ${Object.keys(on).join(", ") || "no event"}, not ${event.name}`;
  }
  const filters = (on[event.name] ?? {}) as Filters;
  const given = (event.payload ?? {}) as Filters;
  const payload = event.action === undefined ? given : { ...given, action: event.action };
  const against =
    byTypes(event.name, filters, payload) ??
    byRef(event, filters, payload) ??
    byPaths(event, filters, payload) ??
    bySchedule(event.name, on[event.name], payload) ??
    byWorkflow(event.name, filters, payload);
  return against?.reason;
}

function triggersOf(workflowText: string): Record<string, unknown> | undefined {
  try {
    return readWorkflow("", workflowText).on;
  } catch {
    return undefined;
  }
}

function byTypes(name: string, filters: Filters, payload: Filters): Reason | undefined {
  const types = list(filters["types"]) ?? defaultTypes[name];
  const action = payload["action"];
  if (types === undefined || typeof action !== "string" || types.includes(action)) return undefined;
  return { reason: `types: ${types.join(", ")} does not name ${action}` };
}

function byRef(event: TriggerEvent, filters: Filters, payload: Filters): Reason | undefined {
  if (event.name === "push") return byPushedRef(event, filters, payload);
  if (!event.name.startsWith("pull_request")) return undefined;
  const pull = payload["pull_request"] as { base?: { ref?: string } } | undefined;
  const base = pull?.base?.ref;
  return base === undefined ? undefined : byName("branches", filters, base);
}

function byPushedRef(event: TriggerEvent, filters: Filters, payload: Filters): Reason | undefined {
  if (payload["deleted"] === true)
    return { reason: "the ref was deleted, which is no push to build" };
  const message =
    (payload["head_commit"] as { message?: string } | null | undefined)?.message ?? "";
  const mark = skipMarks.find((text) => message.includes(text));
  if (mark !== undefined) return { reason: `the commit's message says ${mark}` };
  const ref = event.ref ?? String(payload["ref"] ?? "");
  const tag = ref.startsWith("refs/tags/");
  const own = tag ? "tags" : "branches";
  const other = tag ? "branches" : "tags";
  const named = (kind: string): boolean =>
    filters[kind] !== undefined || filters[`${kind}-ignore`] !== undefined;
  if (!named(own) && named(other)) {
    return { reason: `on.push filters ${other} only, and this is a ${tag ? "tag" : "branch"}` };
  }
  return byName(own, filters, ref.replace(/^refs\/(heads|tags)\//, ""));
}

function byName(kind: "branches" | "tags", filters: Filters, name: string): Reason | undefined {
  const wanted = list(filters[kind]);
  const ignored = list(filters[`${kind}-ignore`]);
  if (wanted !== undefined && !matchesFilter(wanted, name)) {
    return { reason: `${kind}: ${wanted.join(", ")} does not match ${name}` };
  }
  if (ignored !== undefined && matchesFilter(ignored, name)) {
    return { reason: `${kind}-ignore: ${ignored.join(", ")} matches ${name}` };
  }
  return undefined;
}

/** Path filters need the changed files; where nobody says them, GitHub runs the workflow. They do not count for tags. */
function byPaths(event: TriggerEvent, filters: Filters, payload: Filters): Reason | undefined {
  const ref = event.ref ?? String(payload["ref"] ?? "");
  const changed = event.changed ?? changedFiles(payload);
  if (ref.startsWith("refs/tags/") || changed === undefined) return undefined;
  const wanted = list(filters["paths"]);
  const ignored = list(filters["paths-ignore"]);
  if (wanted !== undefined && !changed.some((file) => matchesFilter(wanted, file))) {
    return {
      reason: `paths: ${wanted.join(", ")} matches none of the ${changed.length} changed files`,
    };
  }
  if (ignored !== undefined && changed.every((file) => matchesFilter(ignored, file))) {
    return { reason: `paths-ignore: ${ignored.join(", ")} matches every changed file` };
  }
  return undefined;
}

function changedFiles(payload: Filters): string[] | undefined {
  const commits = payload["commits"];
  if (!Array.isArray(commits)) return undefined;
  const files = commits.flatMap((commit: Record<string, unknown>) =>
    ["added", "modified", "removed"].flatMap((kind) => list(commit[kind]) ?? []),
  );
  return files.length === 0 ? undefined : files;
}

function bySchedule(name: string, entries: unknown, payload: Filters): Reason | undefined {
  const fired = payload["schedule"];
  if (name !== "schedule" || typeof fired !== "string" || !Array.isArray(entries)) return undefined;
  const crons = entries.map((entry: { cron?: unknown }) => String(entry.cron));
  if (crons.includes(fired)) return undefined;
  return { reason: `schedule: ${crons.join("; ")} does not contain ${fired}` };
}

function byWorkflow(name: string, filters: Filters, payload: Filters): Reason | undefined {
  if (name !== "workflow_run") return undefined;
  const run = payload["workflow_run"] as { name?: string; head_branch?: string } | undefined;
  const wanted = list(filters["workflows"]) ?? [];
  if (run?.name !== undefined && !wanted.includes(run.name)) {
    return { reason: `workflows: ${wanted.join(", ")} does not name ${run.name}` };
  }
  return run?.head_branch === undefined ? undefined : byName("branches", filters, run.head_branch);
}

function list(value: unknown): string[] | undefined {
  if (value === undefined || value === null) return undefined;
  return Array.isArray(value) ? value.map(String) : [String(value)];
}
