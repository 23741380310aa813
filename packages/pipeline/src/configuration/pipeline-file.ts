import { Fault } from "@release-actions/codes";
import { check, position, readYaml, rememberKeys, together, type Place } from "./document.ts";
import { nearest } from "./nearest.ts";
import {
  checkSchema,
  pipelineSchema,
  type CheckFile,
  type EnvironmentFile,
  type PipelineFile,
} from "./schema.ts";
import { wrongNotices } from "./wrong-notices.ts";
import { wrongTargets } from "./wrong-targets.ts";
import * as v from "valibot";

export type EnvironmentSettings = EnvironmentFile & { name: string };

/** The team's file, checked, with `defaults` laid under every environment. */
export type Pipeline = Omit<PipelineFile, "environments" | "defaults"> & {
  environments: EnvironmentSettings[];
};

rememberKeys(pipelineSchema);
// A file of checks: a list, or a mapping with both keys.
for (const path of [["*"], ["checks", "*"], ["identity"]]) rememberKeys(checkSchema, path);

/**
 * Reads `.github/release-pipeline.yml`; to be called within `withLanguages`.
 * @throws Fault RA1102 (no YAML), RA1103 (keys and values), RA1104 (a role or environment that does not exist)
 */
export function readPipeline(path: string, text: string): Pipeline {
  const place = readYaml(path, text);
  const merged = withDefaults(place.value);
  const file = check(pipelineSchema, place, merged, "RA1103");
  const environments = Object.entries(file.environments).map(([name, settings]) => ({
    ...settings,
    name,
  }));
  const wrong = [...wrongRoles(place, file), ...wrongEnvironments(place, environments)];
  if (wrong.length > 0) throw new Fault("RA1104", { saw: together(wrong) });
  const { environments: _environments, defaults: _defaults, ...rest } = file;
  const pipeline = { ...rest, environments };
  const unfit = [...wrongTargets(environments, file.components), ...wrongNotices(pipeline)];
  if (unfit.length > 0)
    throw new Fault("RA1103", {
      saw: together(unfit.map(({ path: at, saw }) => `${position(place, at)}: ${saw}`)),
    });
  return pipeline;
}

/** Reads a file of smoke checks, within `withLanguages`: a list of checks, or a mapping with `identity` and `checks`. @throws Fault RA1102, RA1103 */
export function readChecks(
  path: string,
  text: string,
): { identity?: CheckFile; checks: CheckFile[] } {
  const place = readYaml(path, text);
  if (Array.isArray(place.value))
    return { checks: check(v.array(checkSchema), place, place.value, "RA1103") };
  const file = check(
    v.strictObject({ identity: v.optional(checkSchema), checks: v.array(checkSchema) }),
    place,
    place.value,
    "RA1103",
  );
  return { checks: file.checks, ...(file.identity ? { identity: file.identity } : {}) };
}

/** The environment of this name. @throws Fault RA1104 */
export function environmentOf(pipeline: Pipeline, name: string): EnvironmentSettings {
  const found = pipeline.environments.find((environment) => environment.name === name);
  if (found) return found;
  const known = pipeline.environments.map((environment) => environment.name);
  const near = nearest(name, known);
  throw new Fault("RA1104", {
    saw: `the environment ${JSON.stringify(name)} is not in the file`,
    next: near ? `Did you mean \`${near}\`?` : `The file has: ${known.join(", ")}.`,
  });
}

/** Is this the last environment of its chain: does none take releases from it? */
export function isLast(pipeline: Pipeline, name: string): boolean {
  return !pipeline.environments.some((environment) => environment.from === name);
}

/** Mappings are merged key by key, lists and texts are replaced, `null` takes a key away. */
function withDefaults(value: unknown): unknown {
  if (!isMapping(value) || !isMapping(value["environments"])) return value;
  const defaults = value["defaults"];
  const environments = Object.fromEntries(
    Object.entries(value["environments"]).map(([name, environment]) => [
      name,
      merge(defaults ?? {}, environment ?? {}),
    ]),
  );
  return { ...value, environments };
}

function merge(under: unknown, over: unknown): unknown {
  if (!isMapping(under) || !isMapping(over)) return over === undefined ? under : over;
  const keys = new Set([...Object.keys(under), ...Object.keys(over)]);
  const merged: [string, unknown][] = [...keys].map((key) => [
    key,
    Object.hasOwn(over, key) ? merge(under[key], over[key]) : under[key],
  ]);
  return Object.fromEntries(merged.filter(([, value]) => value !== null));
}

function wrongRoles(place: Place, file: PipelineFile): string[] {
  const roles = Object.keys(file.roles);
  const uses = Object.entries(file.environments).flatMap(([name, environment]) => {
    const base = ["environments", name];
    return [
      ...(environment.gate?.approvals ?? []).map((approval, index) => ({
        role: approval.role,
        path: [...base, "gate", "approvals", index],
      })),
      ...(environment.gate?.["run-by"] ?? []).map((role, index) => ({
        role,
        path: [...base, "gate", "run-by", index],
      })),
      ...(["rollback", "restore"] as const).flatMap((action) => {
        const exception = environment.exceptions?.[action];
        const place = [...base, "exceptions", action];
        return [
          ...(exception?.approvals ?? []).map((approval, index) => ({
            role: approval.role,
            path: [...place, "approvals", index],
          })),
          ...(exception?.["run-by"] ?? []).map((role, index) => ({
            role,
            path: [...place, "run-by", index],
          })),
        ];
      }),
      ...(environment["accept-by"] === undefined
        ? []
        : [{ role: environment["accept-by"], path: [...base, "accept-by"] }]),
    ];
  });
  uses.push(
    ...(file.issue.assignees ?? []).map((role, index) => ({
      role,
      path: ["issue", "assignees", index],
    })),
    ...Object.keys(file.notify?.contacts ?? {}).map((role) => ({
      role,
      path: ["notify", "contacts", role],
    })),
    ...(file.notify?.messages ?? []).flatMap((message, at) =>
      message.to.flatMap((role, index) =>
        role.includes(":") ? [] : [{ role, path: ["notify", "messages", at, "to", index] }],
      ),
    ),
  );
  return uses
    .filter((use) => !roles.includes(use.role))
    .map((use) => {
      const near = nearest(use.role, roles);
      return `${position(place, use.path)}: the role \`${use.role}\` is not under \`roles:\`${near ? `; did you mean \`${near}\`?` : ""}`;
    });
}

function wrongEnvironments(place: Place, environments: EnvironmentSettings[]): string[] {
  const names = environments.map((environment) => environment.name);
  const passed = environments.flatMap(({ name, from, gate }) =>
    (gate?.preflight ?? []).flatMap((check, index) => {
      if (!("passed" in check) || names.includes(check.in ?? from ?? "")) return [];
      const path = ["environments", name, "gate", "preflight", index];
      const at = position(place, check.in === undefined ? path : [...path, "in"]);
      return [
        check.in === undefined
          ? `${at}: \`passed\` needs \`in\`, the environment where the check passed`
          : `${at}: the environment \`${check.in}\` does not exist`,
      ];
    }),
  );
  const chains = environments.flatMap((environment) => {
    if (environment.from === undefined) return [];
    const at = position(place, ["environments", environment.name, "from"]);
    if (!names.includes(environment.from)) {
      const near = nearest(environment.from, names);
      return [
        `${at}: the environment \`${environment.from}\` does not exist${near ? `; did you mean \`${near}\`?` : ""}`,
      ];
    }
    return chainEnds(environment, environments)
      ? []
      : [`${at}: the environments take their releases from each other in a circle`];
  });
  return [...passed, ...chains];
}

function chainEnds(environment: EnvironmentSettings, environments: EnvironmentSettings[]): boolean {
  let at: EnvironmentSettings | undefined = environment;
  for (let step = 0; at !== undefined && step <= environments.length; step += 1) {
    const from: string | undefined = at.from;
    if (from === undefined) return true;
    at = environments.find((other) => other.name === from);
  }
  return at === undefined;
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
