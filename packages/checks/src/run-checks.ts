import type { Code, Finding } from "@release-actions/codes";
import { codes } from "@release-actions/codes";
import type { Transport } from "@release-actions/net";
import type { Check, CheckResult, ChecksReport } from "./check.ts";
import type { Variables } from "./placeholders.ts";
import { ask, prepare, type Attempt, type Question } from "./question.ts";

export type ChecksOptions = {
  transport: Transport;
  /** Address that paths are relative to; its own path is kept. */
  base?: string;
  /** Values of placeholders. */
  variables: Variables;
  /** Milliseconds for all checks together. */
  deadline: number;
  /** Passes in a row that each check needs. */
  settle: number;
  now: () => number;
  sleep: (milliseconds: number) => Promise<void>;
  /** Asked first: nothing else is asked before it holds. */
  identity?: Check;
  /** Told of each verdict; the line may hold foreign text. */
  progress?: (line: string) => void;
};

type Verdict = CheckResult & { code?: Code; p95?: number };

const inFlight = 10;
/** Milliseconds between two attempts of a check: after a miss, and while it settles. */
const firstPause = 500;
const longestPause = 5_000;
const settlePause = 1_000;

/**
 * Asks until every check holds `settle` times in a row or the common deadline is over. A miss is asked again, because a new
 * build may still be starting; a certificate that is not trusted is a verdict at once. Without a single check nothing holds.
 * @throws Fault RA4002 where a check cannot be asked at all; nothing has been sent then
 */
export async function runChecks(
  checks: readonly Check[],
  options: ChecksOptions,
): Promise<ChecksReport> {
  const identity = options.identity
    ? prepare({ name: "identity", ...options.identity }, options.base, options.variables)
    : undefined;
  const questions = checks.map((check) => prepare(check, options.base, options.variables));
  const end = options.now() + options.deadline;
  const settled = (question: Question): Promise<Verdict> => settle(question, end, options);

  const first = identity ? [await settled(identity)] : [];
  if (first.some((verdict) => !verdict.passed))
    return reportOf(
      first,
      questions.map((question) => notAsked(question, "the identity of the build is not proven")),
      identity,
    );

  // What is measured is measured alone, so that the other checks do not slow it down.
  const verdicts = new Map<Question, Verdict>();
  await inParallel(
    questions.filter((question) => !question.latency),
    async (question) => void verdicts.set(question, await settled(question)),
  );
  for (const question of questions.filter((other) => other.latency))
    verdicts.set(question, await settled(question));
  return reportOf(
    first,
    questions.flatMap((question) => verdicts.get(question) ?? []),
    identity,
  );
}

async function settle(question: Question, end: number, options: ChecksOptions): Promise<Verdict> {
  const started = options.now();
  let [attempts, inARow, pause] = [0, 0, firstPause];
  let last: Attempt | undefined;
  while (options.now() < end) {
    attempts += 1;
    const left = end - options.now();
    const attempt = await ask(question, options.transport, left);
    inARow = attempt.held ? inARow + 1 : 0;
    // An attempt that the deadline cut short has seen nothing: what was seen before it is the reason.
    const cutShort = !attempt.held && attempt.code === "RA4003" && left < question.timeout;
    if (last === undefined || !cutShort) last = attempt;
    if (inARow >= Math.max(1, options.settle) || (!attempt.held && attempt.final)) break;
    await options.sleep(
      Math.min(attempt.held ? settlePause : pause, Math.max(0, end - options.now())),
    );
    if (!attempt.held) pause = Math.min(longestPause, pause * 2);
  }
  const verdict = verdictOf(
    question,
    last,
    inARow >= Math.max(1, options.settle),
    attempts,
    options.now() - started,
  );
  options.progress?.(
    `${verdict.passed ? "passed" : "FAILED"} ${verdict.name}${verdict.saw ? `: ${verdict.saw}; expected ${verdict.expected}` : ""} (${verdict.attempts} tries)`,
  );
  return verdict;
}

function verdictOf(
  question: Question,
  last: Attempt | undefined,
  passed: boolean,
  attempts: number,
  milliseconds: number,
): Verdict {
  const base = {
    name: question.name,
    passed,
    attempts,
    milliseconds: Math.round(milliseconds),
    ...(last?.p95 === undefined ? {} : { p95: last.p95 }),
  };
  if (passed) return base;
  if (last === undefined) return notAsked(question, "the deadline was over");
  if (last.held)
    return {
      ...base,
      code: "RA4001",
      saw: "it held, but not often enough in a row before the deadline",
      expected: "passes in a row",
    };
  return { ...base, code: last.code, saw: last.miss.saw, expected: last.miss.expected };
}

function notAsked(question: Question, why: string): Verdict {
  return {
    name: question.name,
    passed: false,
    attempts: 0,
    milliseconds: 0,
    code: "RA4006",
    saw: `not asked: ${why}`,
    expected: "an answer",
  };
}

function reportOf(
  identity: Verdict[],
  others: Verdict[],
  asked: Question | undefined,
): ChecksReport {
  const verdicts = [...identity, ...others];
  const measured = verdicts.flatMap((verdict) => verdict.p95 ?? []);
  const findings = verdicts.map((verdict) =>
    findingOf(verdict, asked !== undefined && verdict === identity[0]),
  );
  if (verdicts.length === 0)
    findings.push({
      rule: "smoke",
      holds: false,
      saw: "No smoke check is given, so nothing is proven.",
      next: codes.RA4002.next,
      code: "RA4002",
    });
  return {
    passed: findings.every((finding) => finding.holds),
    results: verdicts.map(({ code: _code, p95: _p95, ...result }) => result),
    ...(measured.length === 0 ? {} : { p95: Math.max(...measured) }),
    findings,
  };
}

function findingOf(verdict: Verdict, isIdentity: boolean): Finding {
  const rule = isIdentity ? "identity" : "smoke";
  if (verdict.passed) return { rule, holds: true, saw: `${verdict.name} holds.` };
  const code = isIdentity && verdict.code === "RA4001" ? "RA4005" : (verdict.code ?? "RA4001");
  return {
    rule,
    holds: false,
    saw: `${verdict.name}: saw ${verdict.saw}; expected ${verdict.expected}.`,
    next: codes[code].next,
    code,
  };
}

async function inParallel<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const queue = [...items];
  const worker = async (): Promise<void> => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: Math.min(inFlight, items.length) }, worker));
}
