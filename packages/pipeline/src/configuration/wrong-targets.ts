import { variableClashes, wrongValueNames } from "@release-actions/deploy";
import type { EnvironmentSettings } from "./pipeline-file.ts";

/** A place in the file and what is wrong there. */
export type WrongTarget = { path: (string | number)[]; saw: string };

/** The targets of which an environment has exactly one. */
const targets = ["manifests", "chart", "awx-template", "script"] as const;
/** What belongs to some of the targets only. */
const parts = [
  {
    key: "vars",
    of: ["chart", "awx-template", "script"],
    whose: "a chart, a script or a job of AWX",
  },
  { key: "values", of: ["chart"], whose: "a chart" },
  { key: "release-name", of: ["chart"], whose: "a chart" },
] as const;

/** What does not fit together under `deploy:`: there is exactly one target, and the variables of a script or job are its own. */
export function wrongTargets(
  environments: readonly Pick<EnvironmentSettings, "name" | "deploy">[],
  components: readonly { name: string }[] = [],
): WrongTarget[] {
  return environments.flatMap(({ name, deploy }) => {
    if (deploy === undefined) return [];
    const path = ["environments", name, "deploy"];
    const given = targets.filter((target) => [deploy[target] ?? []].flat().length > 0);
    const names = Object.keys(deploy.vars ?? {});
    return [
      ...(given.length > 1
        ? [
            {
              path,
              saw: `has ${given.length === 2 ? "both " : ""}${given.join(" and ")}; choose one`,
            },
          ]
        : []),
      ...(given.length === 0 ? [{ path, saw: `has neither ${targets.join(" nor ")}` }] : []),
      ...wrongParts(deploy).map(({ key, saw }) => ({ path: [...path, key], saw })),
      ...(deploy["awx-template"] !== undefined && deploy["awx-url"] === undefined
        ? [{ path: [...path, "awx-template"], saw: "needs the address of its AWX, `awx-url`" }]
        : []),
      ...(deploy.script === undefined && deploy["awx-template"] === undefined
        ? []
        : variableClashes(
            components.map((component) => component.name),
            names,
          )
      ).map((saw) => ({
        path: [...path, deploy.script === undefined ? "awx-template" : "script"],
        saw,
      })),
    ];
  });
}

/** What belongs to another target than this one, and names that its `vars` cannot have. */
export function wrongParts(
  deploy: NonNullable<EnvironmentSettings["deploy"]>,
): { key: string; saw: string }[] {
  const given = targets.filter((target) => [deploy[target] ?? []].flat().length > 0);
  return [
    ...parts
      .filter(({ key, of }) => deploy[key] !== undefined && !of.some((one) => given.includes(one)))
      .map(({ key, whose }) => ({ key, saw: `is only for ${whose}, and there is none` })),
    ...wrongNames(deploy).map((saw) => ({ key: "vars", saw })),
  ];
}

/** A chart's values have dots in their names, a script's variables have not. */
function wrongNames({ script, vars = {} }: NonNullable<EnvironmentSettings["deploy"]>): string[] {
  const names = Object.keys(vars);
  return script === undefined
    ? wrongValueNames(names)
    : names
        .filter((name) => !/^[A-Za-z_][A-Za-z0-9_]*$/.test(name))
        .map((name) => `has ${name}, which is not the name of a variable`);
}
