import type { Finding } from "@release-actions/codes";
import { sameBuild, type Approval, type Verdict } from "@release-actions/ledger";
import { rulesOf } from "../candidate.ts";
import { fill } from "../configuration/placeholders.ts";
import { judgeApprovals } from "./approvals.ts";
import {
  judgeEvidence,
  judgeImages,
  judgeLock,
  judgeManifests,
  judgeNewer,
  judgeRunBy,
  judgeStatusChecks,
  judgeTag,
  type RuleFacts,
} from "./rules.ts";

/** The decision: every rule judged, all reasons at once. Pure. `now`: GitHub's clock. */
export function judge(facts: RuleFacts, now: Date): { verdict: Verdict; approvals: Approval[] } {
  const { pipeline, environment, request, candidate } = facts;
  const rules = rulesOf(environment, request);
  const isRelease = request.action === "release";
  const approvals =
    rules.approvals.length === 0 ? undefined : judgeApprovalsOf(facts, rules.approvals);
  const findings = [
    judgeTag(facts),
    isRelease && environment.from === undefined ? judgeNewer(facts) : undefined,
    isRelease ? judgeManifests(facts) : undefined,
    judgeImages(facts),
    judgeEvidence(facts),
    judgeStatusChecks(rules.statusChecks, candidate.facts?.checks, candidate.facts?.commit),
    approvals?.finding,
    judgeRunBy(rules.runBy, pipeline.roles, request.actor),
    judgeLock(facts),
  ].filter((finding): finding is Finding => finding !== undefined);
  return {
    approvals: approvals?.approvals ?? [],
    verdict: {
      holds: findings.every((finding) => finding.holds || finding.warning),
      findings,
      at: now.toISOString(),
    },
  };
}

function judgeApprovalsOf(
  { pipeline, environment, candidate }: RuleFacts,
  required: { role: string; count: number }[],
): { finding: Finding; approvals: Approval[] } | undefined {
  const release = candidate.release;
  if (release === undefined || candidate.facts === undefined) return undefined;
  // The first pass of these very digests: testing them again does not take an approval back, building anew does.
  const tested = candidate.record?.passes.find(
    (pass) => pass.environment === environment.from && sameBuild(pass.release, release),
  )?.at;
  const withdrawals = candidate.record?.withdrawn.map((line) => line.at) ?? [];
  return judgeApprovals({
    required,
    roles: pipeline.roles,
    issues: candidate.facts.issues ?? [],
    title: fill(pipeline.issue.title ?? "Release ${version} of ${product}", {
      version: release.version,
      product: pipeline.product,
      tag: release.tag,
    }),
    version: release.version,
    digests: release.components.map((component) => component.digest),
    environment: environment.name,
    notBefore: [...(tested === undefined ? [] : [tested]), ...withdrawals].toSorted().at(-1),
  });
}
