import type { Finding } from "@release-actions/codes";
import {
  isLater,
  type Acceptance,
  type Current,
  type VersionRecord,
} from "@release-actions/ledger";
import { holdsRole, withPeople } from "./approvals.ts";

export type AcceptFacts = {
  environment: { name: string; "accept-by"?: string | undefined };
  roles: Record<string, string[]>;
  version: string;
  /** Who wants to accept it. */
  actor: string;
  /** What the ledger says of the environment and of the version. */
  current: Current | undefined;
  record: VersionRecord | undefined;
};

export type AcceptVerdict = {
  finding: Finding;
  /** What is accepted and by which role; undefined where the rule does not hold. */
  accepts?: { environment: string; entry: string; role: string };
  /** The same entry was accepted before: nothing is left to do. */
  already?: Acceptance;
};

/**
 * Judges the rule `accept`: may this person accept this version in this environment? It runs there by the ledger, has passed,
 * was not taken back, nobody is replacing it, and the person has the role of `accept-by`.
 */
export function judgeAcceptable(facts: AcceptFacts): AcceptVerdict {
  const { environment, version, actor, current, record, roles } = facts;
  const rule = "accept";
  const role = environment["accept-by"];
  const nothing = (saw: string, next?: string): Finding => ({
    rule,
    holds: false,
    code: "RA1217",
    saw,
    ...(next === undefined ? {} : { next }),
  });
  if (role === undefined) {
    return {
      finding: nothing(
        `${environment.name} has no \`accept-by\`: what passed there is accepted`,
        "Nothing is left to do; set `accept-by` if somebody is to accept releases there.",
      ),
    };
  }
  const running = current?.passed.at(-1);
  const latest = current?.latest;
  if (latest?.result === "running") {
    return {
      finding: nothing(
        `${latest.id} (${latest.action} ${latest.release.version}) works on ${environment.name}`,
        "Wait for that run to end, then accept what runs.",
      ),
    };
  }
  if (running === undefined || running.release.version !== version) {
    const runs =
      running === undefined
        ? "nothing has passed there yet"
        : `${running.release.version} runs there`;
    return {
      finding: nothing(
        `${version} does not run in ${environment.name}: ${runs}`,
        running === undefined
          ? `Release ${version} into ${environment.name} first.`
          : `Accept what runs with \`/accept ${running.release.version}\`, or release ${version} into ${environment.name} first.`,
      ),
    };
  }
  const withdrawn = record?.withdrawn.findLast(
    (line) => line.environment === environment.name && isLater(line.entry, running.entry),
  );
  if (withdrawn !== undefined) {
    return {
      finding: nothing(
        `${version} was rolled back in ${environment.name} after it had passed (${withdrawn.entry}: ${withdrawn.reason})`,
      ),
    };
  }
  if (!holdsRole(roles, role, actor)) {
    return {
      finding: {
        rule,
        holds: false,
        code: "RA1218",
        saw: `@${actor} has not the role ${role}`,
        next: `${withPeople(roles, role)} comments \`/accept ${version}\` in the release issue.`,
      },
    };
  }
  const already = record?.accepted?.findLast(
    (line) => line.environment === environment.name && line.entry === running.entry,
  );
  return {
    finding: {
      rule,
      holds: true,
      saw:
        already === undefined
          ? `@${actor} is ${role}, and ${version} runs in ${environment.name} (${running.entry})`
          : `${version} in ${environment.name} was accepted by @${already.login} already (${already.entry})`,
    },
    accepts: { environment: environment.name, entry: running.entry, role },
    ...(already === undefined ? {} : { already }),
  };
}
