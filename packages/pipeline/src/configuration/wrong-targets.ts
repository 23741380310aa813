import { variableClashes, wrongValueNames } from "@release-actions/deploy";
import type { EnvironmentSettings } from "./pipeline-file.ts";

/** A place in the file and what is wrong there. */
export type WrongTarget = { path: (string | number)[]; saw: string };

/** The targets of which an environment has exactly one. */
const targets = ["manifests", "chart", "script"] as const;
/** What belongs to some of the targets only. */
const parts = [
  { key: "vars", of: ["chart", "script"], whose: "a chart or a script" },
  { key: "values", of: ["chart"], whose: "a chart" },
  { key: "release-name", of: ["chart"], whose: "a chart" },
] as const;

/** What does not fit together under `deploy:`: there is exactly one target, and a script's variables are its own. */
export function wrongTargets(
  environments: readonly Pick<EnvironmentSettings, "name" | "deploy">[],
  components: readonly { name: string }[] = [],
): WrongTarget[] {
  return environments.flatMap(({ name, deploy }) => {
    if (deploy === undefined) return [];
    const path = ["environments", name, "deploy"];
    const given = targets.filter((target) => (deploy[target] ?? []).length > 0);
    const names = Object.keys(deploy.vars ?? {});
    return [
      ...(given.length > 1 ? [{ path, saw: `has both ${given.join(" and ")}; choose one` }] : []),
      ...(given.length === 0 ? [{ path, saw: `has neither ${targets.join(" nor ")}` }] : []),
      ...parts
        .filter(
          ({ key, of }) => deploy[key] !== undefined && !of.some((one) => given.includes(one)),
        )
        .map(({ key, whose }) => ({
          path: [...path, key],
          saw: `is only for ${whose}, and there is none`,
        })),
      ...wrongNames(deploy).map((saw) => ({ path: [...path, "vars"], saw })),
      ...(deploy.script === undefined
        ? []
        : variableClashes(
            components.map((component) => component.name),
            names,
          )
      ).map((saw) => ({ path: [...path, "script"], saw })),
    ];
  });
}

/** A chart's values have dots in their names, a script's variables have not. */
function wrongNames({ script, vars = {} }: NonNullable<EnvironmentSettings["deploy"]>): string[] {
  const names = Object.keys(vars);
  return script === undefined
    ? wrongValueNames(names)
    : names
        .filter((name) => !/^[A-Za-z_][A-Za-z0-9_]*$/.test(name))
        .map((name) => `\`vars\` has ${name}, which is not the name of a variable`);
}
