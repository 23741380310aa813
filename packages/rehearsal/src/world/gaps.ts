import type { Code } from "@release-actions/codes";
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
    next: `Add \`${of.host}: <stand-in>\` under hosts: in rehearsal.yml, where <stand-in> is registry, zenodo, kubernetes <cluster> or ingress <cluster>.`,
  };
}

/** The secrets that a job's text uses and neither the repository nor its environment has. */
export function secretGaps(of: {
  workflow: string;
  job: string;
  uses: readonly string[];
  known: readonly string[];
  environment: string | undefined;
}): Gap[] {
  const missing = of.uses.filter((name) => !of.known.includes(name));
  return missing.map((name) => ({
    code: "RA9025",
    saw: `Job ${of.job} in ${of.workflow} uses the secret ${name}, which ${
      of.environment
        ? `neither the environment ${of.environment} nor the repository has`
        : "the repository does not have"
    }.`,
    next: of.environment
      ? `Add \`${name}:\` under environments: ${of.environment}: secrets: in rehearsal.yml, and the secret to the environment ${of.environment} on GitHub.`
      : `Add \`${name}:\` under secrets: in rehearsal.yml, and the secret to the repository on GitHub.`,
  }));
}

/** Names of the secrets that each job of a workflow file reads, GitHub's own token apart. */
export function secretsUsed(workflow: string): Record<string, string[]> {
  const used: Record<string, string[]> = {};
  const document = parseDocument(workflow);
  const jobs = document.get("jobs");
  if (!isMap(jobs)) return used;
  for (const pair of jobs.items) {
    if (!isScalar(pair.key)) continue;
    const names = new Set<string>();
    visit(pair.value as never, {
      Scalar: (_key, node) => {
        if (typeof node.value !== "string") return;
        for (const [, inside = ""] of node.value.matchAll(/\$\{\{(.*?)\}\}/gs)) {
          for (const [, dotted, quoted] of inside.matchAll(
            /\bsecrets(?:\.([\w-]+)|\[\s*'([^']+)'\s*\])/g,
          )) {
            names.add(dotted ?? quoted ?? "");
          }
        }
      },
    });
    names.delete("GITHUB_TOKEN");
    used[String(pair.key.value)] = [...names];
  }
  return used;
}
