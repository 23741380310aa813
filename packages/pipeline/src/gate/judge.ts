import type { Finding } from "@release-actions/codes";
import type { Approval, Verdict } from "@release-actions/ledger";
import { rulesOf, testedIn } from "../candidate.ts";
import { judgeRepositoryTags } from "../release-tags.ts";
import { judgeReservedDoi } from "../release-texts.ts";
import { judgeApprovals, readApprovals, type ApprovalFacts } from "./approvals.ts";
import { judgeChecklist } from "./checklist.ts";
import { judgeFourEyes } from "./four-eyes.ts";
import { approvalFactsOf, issueRulesOf, issueTitle, type GateFacts } from "./gate-facts.ts";
import { judgeLabels, judgeRollbackImage } from "./image-rules.ts";
import { judgeRefused, overridingRoles } from "./refusals.ts";
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
  judgeRestore,
} from "./rules.ts";

/** The decision: every rule judged, all reasons at once. Pure. `now`: GitHub's clock. */
export function judge(facts: RuleFacts, now: Date): { verdict: Verdict; approvals: Approval[] } {
  const { pipeline, environment, request, candidate } = facts;
  const rules = rulesOf(environment, request);
  const isRelease = request.action === "release";
  const people = judgeIssue(facts);
  const warned: readonly string[] = environment.gate?.warn ?? [];
  const findings = [
    judgeTag(facts),
    judgeRepositoryTags(candidate),
    isRelease && environment.from === undefined
      ? judgeReservedDoi(filesWithDoi(pipeline, candidate), candidate.doi)
      : undefined,
    isRelease && environment.from === undefined ? judgeNewer(facts) : undefined,
    isRelease ? judgeManifests(facts) : undefined,
    judgeImages(facts),
    judgeLabels(pipeline, candidate, facts.images),
    judgeRollbackImage(facts.images),
    judgeEvidence(facts),
    judgeStatusChecks(rules.statusChecks, candidate.facts?.checks, candidate.facts?.commit),
    ...people.findings,
    judgeRunBy(rules.runBy, pipeline.roles, request.actor),
    judgeRestore(facts),
    judgeLock(facts),
  ]
    .filter((finding): finding is Finding => finding !== undefined)
    .map((finding): Finding =>
      !finding.holds && warned.includes(finding.rule) ? { ...finding, warning: true } : finding,
    );
  return {
    approvals: people.approvals,
    verdict: {
      holds: findings.every((finding) => finding.holds || finding.warning),
      findings,
      at: now.toISOString(),
    },
  };
}

/** Files of the tagged commit that have to name the reserved DOI. */
function filesWithDoi(
  { zenodo }: RuleFacts["pipeline"],
  { facts }: RuleFacts["candidate"],
): Record<string, string | undefined> {
  return Object.fromEntries((zenodo?.["write-to"] ?? []).map((path) => [path, facts?.files[path]]));
}

/** The rules about what people say in the release issue. */
function judgeIssue(facts: RuleFacts): {
  findings: (Finding | undefined)[];
  approvals: Approval[];
} {
  const { pipeline, environment, request, candidate } = facts;
  const { version, record, release } = candidate;
  if (version === undefined || "wrong" in version) return { findings: [], approvals: [] };
  // What was not read is not there: the rules that need it refuse.
  const gate = candidate.gate ?? { ...nothingRead, title: issueTitle(pipeline, version) };
  const rules = issueRulesOf(environment, request);
  const tested = testedIn(environment, request);
  const about = { pipeline, environment, request, record, version, tested, history: facts.history };
  const factsFor = (required: ApprovalFacts["required"]): ApprovalFacts =>
    approvalFactsOf(about, gate, release, required);
  const approvals =
    rules.approvals.length > 0 && release !== undefined
      ? judgeApprovals(factsFor(rules.approvals))
      : undefined;
  const given = readApprovals(factsFor(rules.approvals)).flatMap((reading) =>
    "approval" in reading ? [reading.approval] : [],
  );
  const { issue, title, changed, subIssues, requester } = gate;
  return {
    approvals: approvals?.approvals ?? [],
    findings: [
      approvals?.finding,
      judgeRefused({
        ...factsFor(overridingRoles(pipeline, rules.approvals).map((role) => ({ role, count: 1 }))),
        decisions: record?.decisions ?? [],
      }),
      judgeChecklist({
        items: rules.checklist,
        issue,
        title,
        version: version.text,
        changed,
        subIssues,
        recorded: record?.issue?.subIssues ?? [],
      }),
      rules.fourEyes
        ? judgeFourEyes({
            actor: request.actor,
            issue: issue === undefined ? undefined : { number: issue.number, requester },
            approvals: given,
          })
        : undefined,
    ],
  };
}

const nothingRead: Omit<GateFacts, "title"> = {
  issue: undefined,
  requester: undefined,
  subIssues: [],
  changed: undefined,
  reviews: undefined,
};
