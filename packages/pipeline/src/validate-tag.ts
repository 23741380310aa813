import { Fault, type Finding } from "@release-actions/codes";
import { readTagFacts, type TagFacts } from "@release-actions/github";
import { markdownText } from "@release-actions/markdown";
import { imageTag, schemeOf } from "@release-actions/versions";
import { orderOf } from "./release-order.ts";
import { releaseBranches } from "./release-branches.ts";
import { environmentOf } from "./configuration/pipeline-file.ts";
import { connect, findPipeline, readDefaultBranch, type Logins } from "./connect.ts";
import { compareManifests } from "./gate/rules.ts";
import type { ActionResult, Job } from "./job.ts";
import { findingTable, lines } from "./report/summaries.ts";
import { oneLine, reasonsOf } from "./report/sentences.ts";
import { givenVersion } from "./request.ts";

export type ValidateTagInputs = Logins & {
  tag?: string;
  scheme?: string;
  prefix?: string;
  branch?: string[];
  manifests?: string[];
  onInvalid?: string;
  environment?: string;
  config?: string;
};

export type ValidateTagOutputs = {
  valid: string;
  version: string;
  kind: string;
  commit: string;
  previousTag: string;
  isNewest: string;
  imageTag: string;
  reasons: string;
};

/**
 * Is this ref a release? With a token it also asks GitHub for branch, manifests and order; without one it judges the form alone.
 * @throws Fault RA1001 (no tag), RA1104 (no such environment), RA1301 (no such scheme)
 */
export async function validateTag(
  inputs: ValidateTagInputs,
  job: Job,
): Promise<ActionResult<ValidateTagOutputs>> {
  const tag = inputs.tag ?? givenVersion(job);
  if (!tag)
    throw new Fault("RA1001", {
      saw: "`tag` is not given, and the event has none",
      next: "Start the workflow on a tag, or give `tag` under `with:`.",
    });
  const world = inputs.token ? connect(inputs, job) : undefined;
  const pipeline = world && inputs.config ? await findPipeline(world, inputs.config) : undefined;
  if (pipeline && inputs.environment) environmentOf(pipeline, inputs.environment);
  const scheme = schemeOf(
    inputs.scheme ?? pipeline?.tag?.scheme ?? "semver",
    inputs.prefix ?? pipeline?.tag?.prefix ?? "",
  );
  const onInvalid = inputs.onInvalid ?? pipeline?.tag?.["on-invalid"] ?? "fail";
  if (onInvalid !== "fail" && onInvalid !== "skip")
    throw new Fault("RA1002", {
      saw: `\`on-invalid\` is ${JSON.stringify(onInvalid.slice(0, 60))}; it takes fail or skip`,
    });

  const version = scheme.parse(tag);
  if ("wrong" in version) {
    const finding: Finding = {
      rule: "tag",
      holds: false,
      code: "RA1302",
      saw: `${JSON.stringify(tag)} is not a release of the scheme ${scheme.name}: ${version.wrong}`,
      next: `Tag the commit as, for example, ${scheme.example}.`,
    };
    return answer([finding], { valid: "false" }, onInvalid === "skip", tag);
  }
  const form: Finding = { rule: "tag", holds: true, saw: `${tag} is ${scheme.name}` };
  const base = {
    version: version.text,
    imageTag: imageTag(version.text) ?? "",
    kind: scheme.kind(undefined, version),
  };
  if (world === undefined) {
    const finding: Finding = {
      rule: "branch",
      holds: false,
      warning: true,
      saw: "without a token GitHub was not asked for the branch, the manifests and the order",
    };
    return answer([form, finding], { ...base, valid: "true" }, false, tag);
  }
  const manifests = inputs.manifests ?? pipeline?.tag?.manifests ?? [];
  const branch = inputs.branch ?? pipeline?.tag?.branch;
  const defaultBranch =
    pipeline?.defaultBranch ?? (branch?.length ? "" : await readDefaultBranch(world));
  const branches = await releaseBranches(world, { defaultBranch, tag: { branch } });
  const facts = await readTagFacts(world.github, {
    tag,
    branches,
    checks: false,
    files: manifests,
  });
  const order = orderOf(scheme, version, facts.tags);
  const findings: Finding[] = [
    form,
    branchFinding(facts, tag, branches),
    ...(manifests.length > 0 && facts.commit
      ? [compareManifests(manifests, facts.files, version)]
      : []),
  ];
  return answer(
    findings,
    {
      ...base,
      valid: String(findings.every((finding) => finding.holds)),
      commit: facts.commit ?? "",
      kind: scheme.kind(order.previous, version),
      previousTag: order.previous?.tag ?? "",
      isNewest: String(order.isNewest),
    },
    false,
    tag,
  );
}

function branchFinding(facts: TagFacts, tag: string, branches: string[]): Finding {
  if (facts.commit === undefined)
    return { rule: "branch", holds: false, code: "RA1303", saw: `there is no tag ${tag}` };
  const on = branches.find((branch) => facts.onBranch[branch]);
  return on === undefined
    ? {
        rule: "branch",
        holds: false,
        code: "RA1304",
        saw: `commit ${facts.commit.slice(0, 7)} of ${tag} is not on ${branches.join(" or ") || "a release branch"}`,
      }
    : { rule: "branch", holds: true, saw: `commit ${facts.commit.slice(0, 7)} is on ${on}` };
}

function answer(
  findings: Finding[],
  outputs: Partial<ValidateTagOutputs>,
  skip: boolean,
  tag: string,
): ActionResult<ValidateTagOutputs> {
  const open = findings.filter((finding) => !finding.holds && !finding.warning);
  return {
    ok: open.length === 0 || skip,
    outputs: { ...outputs, reasons: reasonsOf(findings) },
    summary: lines(
      `### ${markdownText(tag)} is ${open.length === 0 ? "a release" : "no release"}`,
      "",
      ...findingTable(findings),
    ),
    ...(open.length === 0 || skip
      ? {}
      : { failure: { title: `${tag} is no release`, message: oneLine(open) } }),
  };
}
