import type { Code } from "@release-actions/codes";
import type { DirectConnection } from "./direct.ts";
import type { Need } from "./refusals.ts";
import { isMap, isScalar, parseDocument, visit } from "yaml";

/** Something a workflow needs and the rehearsed settings do not give, with the line that gives it. */
export type Gap = {
  code: Code;
  saw: string;
  next: string;
  /** Of a missing permission: what would have to be granted. */
  lacks?: { workflow: string; job: string } & Need;
};

/** A permission that a job's token lacks. */
export function permissionGap(
  lacks: { workflow: string; job: string } & Need,
  request: string,
): Gap {
  const line = `${lacks.permission}: ${lacks.level}`;
  return {
    code: "RA9024",
    saw: `Job ${lacks.job} lacks \`${line}\` (GitHub answered 403 to ${request}).`,
    next: `Add \`${line}\` under permissions: of job ${lacks.job} in ${lacks.workflow}.`,
    lacks,
  };
}

/** One gap a permission of a job: of several levels the highest, and of the same gap the first. */
export function withoutRepeats(gaps: readonly Gap[]): Gap[] {
  const kept = new Map<string, Gap>();
  for (const gap of gaps) {
    const key = gap.lacks
      ? `${gap.lacks.workflow} ${gap.lacks.job} ${gap.lacks.permission}`
      : gap.saw + gap.next;
    if (!kept.has(key) || (gap.lacks?.level === "write" && kept.get(key)?.lacks?.level === "read"))
      kept.set(key, gap);
  }
  return [...kept.values()];
}

export function hostGap(of: { host: string; run: string }): Gap {
  return {
    code: "RA9026",
    saw: `${of.run} called ${of.host}, which rehearsal.yml does not declare.`,
    next: `Add \`${of.host}: <stand-in>\` under hosts: in rehearsal.yml, where <stand-in> is registry, zenodo, smtp, chat, kubernetes <cluster> or ingress <cluster>.`,
  };
}

/** A program that did not take the way through the proxy. */
export function directGap({ host, port, program, job }: DirectConnection): Gap {
  return {
    code: "RA9030",
    saw: `${program} in job ${job} connected to ${host}:${port} itself, not through the proxy.`,
    next: "Let it read `https_proxy`; for `fetch` in Node 24 that is `NODE_USE_ENV_PROXY: '1'` under `env:` of the step.",
  };
}

/** Names of secrets and of variables. */
export type Names = Record<"secrets" | "vars", string[]>;

/** The secrets and variables that a job's text uses and neither the repository nor its environment has. */
export function settingGaps(of: {
  workflow: string;
  job: string;
  uses: Names;
  known: Names;
  environment: string | undefined;
}): Gap[] {
  const place = of.environment ? `the environment ${of.environment}` : "the repository";
  return (["secrets", "vars"] as const).flatMap((key) => {
    const noun = key === "secrets" ? "secret" : "variable";
    const missing = of.uses[key].filter((name) => !of.known[key].includes(name));
    return missing.map((name) => ({
      code: "RA9025" as const,
      saw: `Job ${of.job} in ${of.workflow} uses the ${noun} ${name}, which ${
        of.environment ? `neither ${place} nor the repository has` : "the repository does not have"
      }.`,
      next: `Add \`${name}:\` under ${
        of.environment ? `environments: ${of.environment}: ` : ""
      }${key}: in rehearsal.yml, and the ${noun} to ${place} on GitHub.`,
    }));
  });
}

/**
 * Names of the secrets and variables that each job of a workflow file reads, GitHub's own token apart. A variable counts
 * where it is the whole expression: `vars.X || 'none'` says itself what is to be done without.
 */
export function settingsUsed(workflow: string): Record<string, Names> {
  const used: Record<string, Names> = {};
  const document = parseDocument(workflow);
  const jobs = document.get("jobs");
  if (!isMap(jobs)) return used;
  for (const pair of jobs.items) {
    if (!isScalar(pair.key)) continue;
    const secrets = new Set<string>();
    const vars = new Set<string>();
    visit(pair.value as never, {
      Scalar: (_key, node) => {
        if (typeof node.value !== "string") return;
        for (const [, inside = ""] of node.value.matchAll(/\$\{\{(.*?)\}\}/gs)) {
          for (const [, dotted, quoted] of inside.matchAll(
            /\bsecrets(?:\.([\w-]+)|\[\s*'([^']+)'\s*\])/g,
          )) {
            secrets.add(dotted ?? quoted ?? "");
          }
          const variable = /^\s*vars\.([\w-]+)\s*$/.exec(inside)?.[1];
          if (variable !== undefined) vars.add(variable);
        }
      },
    });
    secrets.delete("GITHUB_TOKEN");
    used[String(pair.key.value)] = { secrets: [...secrets], vars: [...vars] };
  }
  return used;
}
