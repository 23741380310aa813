import { variableClashes } from "@release-actions/deploy";
import type { EnvironmentSettings } from "./pipeline-file.ts";

/** A place in the file and what is wrong there. */
export type WrongTarget = { path: (string | number)[]; saw: string };

/** What does not fit together under `deploy:`: there is exactly one target, and a script's variables are its own. */
export function wrongTargets(
  environments: readonly Pick<EnvironmentSettings, "name" | "deploy">[],
  components: readonly { name: string }[] = [],
): WrongTarget[] {
  return environments.flatMap(({ name, deploy }) => {
    if (deploy === undefined) return [];
    const path = ["environments", name, "deploy"];
    const manifests = (deploy.manifests ?? []).length > 0;
    const script = deploy.script !== undefined;
    const clashes = script
      ? variableClashes(
          components.map((component) => component.name),
          Object.keys(deploy.vars ?? {}),
        )
      : [];
    return [
      ...(manifests && script ? [{ path, saw: "has both manifests and script; choose one" }] : []),
      ...(!manifests && !script ? [{ path, saw: "has neither manifests nor script" }] : []),
      ...(deploy.vars !== undefined && !script
        ? [{ path: [...path, "vars"], saw: "is only for a script, and there is none" }]
        : []),
      ...clashes.map((saw) => ({ path: [...path, "script"], saw })),
    ];
  });
}
