import { runChecks, type Check } from "@release-actions/checks";
import { Fault, type Finding } from "@release-actions/codes";
import { lastSuccessOf, type Cluster } from "@release-actions/deploy";
import type { Action, Current } from "@release-actions/ledger";
import type { EnvironmentSettings } from "./configuration/pipeline-file.ts";
import { fill, type Placeholders } from "./configuration/placeholders.ts";
import type { CheckFile, PreflightFile } from "./configuration/schema.ts";
import type { Connection } from "./connect.ts";

type Passed = Extract<PreflightFile, { passed: string }>;
type Backup = Extract<PreflightFile, { backup: string }>;

export type PreflightFacts = {
  environment: Pick<EnvironmentSettings, "name" | "url" | "gate" | "from">;
  /** What the ledger has of an environment. */
  currentOf(environment: string): Promise<Current | undefined>;
  /** A rollback or a restore is not held up by an old backup: there is no finding. */
  action: Action;
  placeholders: Placeholders;
  cluster: Cluster | undefined;
  /** GitHub's clock. */
  now: Date;
  /** Where checks of the cluster are left to a later job that has its kubeconfig: a warning, not a refusal. */
  clusterLater?: boolean;
};

const longestCheck = 60_000;
/** A server's clock may be a little fast; a backup of tomorrow proves nothing. */
const fastClock = 10 * 60_000;

/** Asks every check of `gate.preflight` once; undefined where there is none to ask. All failures are in one finding. */
export async function judgePreflight(
  world: Pick<Connection, "transport">,
  facts: PreflightFacts,
): Promise<Finding | undefined> {
  const checks = facts.environment.gate?.preflight ?? [];
  if (checks.length === 0 || facts.action !== "release") return undefined;
  const open: string[] = [];
  const later: string[] = [];
  // One after the other: what is measured is measured alone.
  for (const check of checks) {
    const isLater =
      "backup" in check && namedCronJob(check) !== undefined && facts.cluster === undefined;
    if (isLater && facts.clusterLater === true) {
      later.push(`${check.name ?? check.backup} is asked where the kubeconfig is`);
      continue;
    }
    const miss = await missOf(world, facts, check);
    if (miss !== undefined) open.push(miss);
  }
  if (open.length > 0)
    return {
      rule: "preflight",
      holds: false,
      code: "RA3301",
      saw: open.join("; "),
      next: "Do what is named (take the backup, mend the service), then run the job again.",
    };
  if (later.length > 0)
    return { rule: "preflight", holds: false, warning: true, saw: later.join("; ") };
  return {
    rule: "preflight",
    holds: true,
    saw: `${checks.length} preflight ${checks.length === 1 ? "check holds" : "checks hold"}`,
  };
}

async function missOf(
  world: Pick<Connection, "transport">,
  facts: PreflightFacts,
  check: PreflightFile,
): Promise<string | undefined> {
  try {
    if ("passed" in check) return await missOfPassed(facts, check);
    if (!("backup" in check)) return await missOfCheck(world, facts, check);
    const cronJob = namedCronJob(check);
    const miss =
      cronJob === undefined
        ? await missOfFile(world, facts, check)
        : await missOfCronJob(facts, check, cronJob);
    return miss === undefined ? undefined : `${check.name ?? "backup"}: ${miss}`;
  } catch (error) {
    // A check that cannot be asked is open, like one that does not hold.
    if (!(error instanceof Fault)) throw error;
    return `${check.name ?? ("backup" in check ? check.backup : "passed" in check ? check.passed : "a check")} could not be asked: ${error.saw}`;
  }
}

function namedCronJob(check: Backup): string | undefined {
  return /^cronjob\/(.+)$/.exec(check.backup)?.[1];
}

/** Has the ledger the check as passed? That of the rollback is about the very version that is released. */
async function missOfPassed(
  { environment, placeholders, now, currentOf }: PreflightFacts,
  check: Passed,
): Promise<string | undefined> {
  const where = check.in ?? environment.from ?? "";
  const name = check.name ?? check.passed;
  const checks = (await currentOf(where))?.checks ?? {};
  const found = Object.hasOwn(checks, check.passed) ? checks[check.passed] : undefined;
  const what = `the check ${check.passed} in ${where}`;
  if (found === undefined) return `${name}: the ledger has not ${what} as passed`;
  if (check.passed === "rollback" && found.version !== placeholders.version)
    return `${name}: ${what} passed last with ${found.version}, not with ${placeholders.version}`;
  const miss =
    check["max-age"] === undefined ? undefined : missOfAge(found.at, what, check["max-age"], now);
  return miss === undefined ? undefined : `${name}: ${miss}`;
}

/** One attempt: a preflight does not wait for a service to come. */
async function missOfCheck(
  world: Pick<Connection, "transport">,
  { environment, placeholders }: PreflightFacts,
  check: CheckFile,
): Promise<string | undefined> {
  let asked = false;
  const report = await runChecks([check as Check], {
    transport: world.transport,
    ...(environment.url ? { base: environment.url } : {}),
    variables: Object.fromEntries(
      Object.entries(placeholders).filter((one): one is [string, string] => one[1] !== undefined),
    ),
    deadline: check.timeout ?? longestCheck,
    settle: 1,
    now: () => (asked ? Number.POSITIVE_INFINITY : performance.now()),
    sleep: async () => {
      asked = true;
    },
  });
  return report.passed
    ? undefined
    : report.findings
        .filter((finding) => !finding.holds)
        .map((finding) => finding.saw.replace(/\.$/, ""))
        .join("; ");
}

async function missOfCronJob(
  { cluster, placeholders, now }: PreflightFacts,
  check: Backup,
  name: string,
): Promise<string | undefined> {
  if (cluster === undefined) return `cronjob ${name} cannot be asked without \`kubeconfig\``;
  const namespace = placeholders.namespace ?? "default";
  const success = await lastSuccessOf(cluster, namespace, name);
  if (success === undefined) return `there is no CronJob ${name} in namespace ${namespace}`;
  if (success === "") return `the CronJob ${namespace}/${name} has never succeeded`;
  return missOfAge(success, `the last success of ${namespace}/${name}`, check["max-age"], now);
}

async function missOfFile(
  { transport }: Pick<Connection, "transport">,
  { placeholders, now }: PreflightFacts,
  check: Backup,
): Promise<string | undefined> {
  const url = fill(check.backup, placeholders);
  const answer = await transport.send({
    method: "HEAD",
    url,
    timeout: check.timeout ?? longestCheck,
  });
  const { origin, pathname } = new URL(url);
  // The query may hold a signature.
  const file = `${origin}${pathname}`;
  if (answer.status !== 200) return `${file} answered ${answer.status}`;
  const length = answer.headers["content-length"];
  if (length === undefined || !(Number(length) > 0))
    return `${file} ${length === undefined ? "does not say how large it is" : "is empty"}`;
  const modified = answer.headers["last-modified"];
  if (modified === undefined) return `${file} does not say when it was written`;
  return missOfAge(modified, file, check["max-age"], now);
}

function missOfAge(text: string, what: string, longest: number, now: Date): string | undefined {
  const at = Date.parse(text);
  if (!Number.isFinite(at)) return `${what} has no time that can be read`;
  const age = now.getTime() - at;
  const when = new Date(at).toISOString();
  if (age < -fastClock) return `${what} is of ${when}, which is still to come`;
  return age <= longest
    ? undefined
    : `${what} is of ${when}, ${hours(age)} ago, and may be ${hours(longest)} old`;
}

function hours(milliseconds: number): string {
  const minutes = Math.round(milliseconds / 60_000);
  return minutes < 120 ? `${minutes} min` : `${Math.round(minutes / 6) / 10} h`;
}
