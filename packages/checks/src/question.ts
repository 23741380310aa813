import { Fault } from "@release-actions/codes";
import type { Answer, Outgoing, Transport } from "@release-actions/net";
import type { Check } from "./check.ts";
import { expectationsOf, type Miss } from "./expectation.ts";
import { fillJson, fillText, fillUrl, type Variables } from "./placeholders.ts";

/** A check made ready: what is sent and how an answer is judged. */
export type Question = {
  name: string;
  request: Outgoing;
  /** Milliseconds of one attempt. */
  timeout: number;
  judge(answer: Answer): Miss | undefined;
  latency?: { milliseconds: number; of: number };
};

/** How one attempt ended. `final`: trying again would not change it. */
export type Attempt =
  | { held: true; p95?: number }
  | { held: false; miss: Miss; code: "RA4001" | "RA4003" | "RA4004"; final?: true; p95?: number };

const defaultTimeout = 60_000;

/**
 * Makes a check ready to be asked.
 * @throws Fault RA4002 where it cannot be
 */
export function prepare(check: Check, base: string | undefined, variables: Variables): Question {
  const target = check.get ?? check.post;
  if (target === undefined || (check.get !== undefined && check.post !== undefined)) {
    throw new Fault("RA4002", {
      saw: `The check ${check.name ?? "without a name"} needs exactly one of \`get\` and \`post\`.`,
    });
  }
  if (check.send !== undefined && check.post === undefined)
    throw new Fault("RA4002", { saw: `\`send\` needs \`post\`, not \`get: ${target}\`.` });
  const method = check.get === undefined ? "POST" : "GET";
  const name = check.name ?? `${method} ${target}`;
  const expectations = expectationsOf(check, variables);
  const redirected = check.status !== undefined && check.status >= 300 && check.status < 400;
  return {
    name,
    request: {
      method,
      url: addressOf(target, base, variables),
      // Attempts are counted and judged here, not in the transport.
      retry: "never",
      ...(method === "POST" ? bodyOf(check, variables) : {}),
      ...(redirected ? { redirect: "return" as const } : {}),
    },
    timeout: check.timeout ?? defaultTimeout,
    judge: (answer) => {
      for (const expectation of expectations) {
        const miss = expectation(answer);
        if (miss) return miss;
      }
      return undefined;
    },
    ...(check.p95 === undefined ? {} : { latency: parseLatency(check.p95) }),
  };
}

/** Asks once (with `p95` once for each measurement) within the given milliseconds. */
export async function ask(
  question: Question,
  transport: Transport,
  milliseconds: number,
): Promise<Attempt> {
  const limit = Math.ceil(Math.min(question.timeout, milliseconds));
  const signal = AbortSignal.timeout(limit);
  const times: number[] = [];
  for (let sent = 0; sent < (question.latency?.of ?? 1); sent += 1) {
    let answer: Answer;
    try {
      answer = await transport.send({ ...question.request, timeout: limit, signal });
    } catch (error) {
      return attemptOf(error, signal.aborted, limit, question);
    }
    const miss = question.judge(answer);
    if (miss) return { held: false, miss, code: "RA4001" };
    times.push(answer.milliseconds);
  }
  if (!question.latency) return { held: true };
  const p95 = percentile95(times);
  if (p95 <= question.latency.milliseconds) return { held: true, p95 };
  const miss = {
    saw: `a 95th percentile of ${Math.round(p95)} ms`,
    expected: `at most ${question.latency.milliseconds} ms of ${question.latency.of} requests`,
  };
  return { held: false, miss, code: "RA4001", p95 };
}

/** The smallest measurement that 95 of 100 do not exceed. */
export function percentile95(times: readonly number[]): number {
  return times.toSorted((a, b) => a - b)[Math.ceil(times.length * 0.95) - 1] ?? 0;
}

/** `200ms of 20`. @throws Fault RA4002 */
export function parseLatency(text: string): { milliseconds: number; of: number } {
  const match = /^(\d+)ms of (\d+)$/.exec(text.trim());
  const [milliseconds, of] = [Number(match?.[1]), Number(match?.[2])];
  if (!match || milliseconds < 1 || of < 1 || of > 1000)
    throw new Fault("RA4002", { saw: `\`p95: ${text}\` is not of the form \`200ms of 20\`.` });
  return { milliseconds, of };
}

function attemptOf(error: unknown, timedOut: boolean, limit: number, question: Question): Attempt {
  const expected = `an answer within ${limit} ms`;
  if (timedOut)
    return {
      held: false,
      code: "RA4003",
      miss: {
        saw: `${question.request.method} ${question.request.url} had no answer after ${limit} ms`,
        expected,
      },
    };
  if (!(error instanceof Fault)) throw error;
  if (error.code === "RA8003")
    return {
      held: false,
      code: "RA4004",
      final: true,
      miss: { saw: error.saw, expected: "a certificate that the runner trusts" },
    };
  // A redirect that is refused, or an answer that is too large, is the same the next time.
  if (error.code === "RA8006" || error.code === "RA8004")
    return { held: false, code: "RA4001", final: true, miss: { saw: error.saw, expected } };
  if (error.code === "RA8008")
    return { held: false, code: "RA4003", final: true, miss: { saw: error.saw, expected } };
  if (error.code === "RA8001" || error.code === "RA8002")
    return { held: false, code: "RA4003", miss: { saw: error.saw, expected } };
  throw error;
}

function addressOf(target: string, base: string | undefined, variables: Variables): string {
  const filled = fillUrl(target, variables);
  if (!/^[a-z][a-z0-9+.-]*:/i.test(filled)) {
    if (base === undefined)
      throw new Fault("RA4002", {
        saw: `${target} is a path, and no address of the environment is given.`,
      });
    return checked(`${base.replace(/\/+$/, "")}/${filled.replace(/^\/+/, "")}`, target);
  }
  return checked(filled, target);
}

function checked(address: string, target: string): string {
  const url = URL.parse(address);
  if (url === null || (url.protocol !== "https:" && url.protocol !== "http:"))
    throw new Fault("RA4002", { saw: `${target} does not make an http or https address.` });
  if (url.username !== "" || url.password !== "")
    throw new Fault("RA4002", { saw: `${url.host} is given with credentials in the address.` });
  return url.href;
}

function bodyOf(check: Check, variables: Variables): Pick<Outgoing, "body" | "headers"> {
  if (check.send === undefined) return { body: "" };
  if (typeof check.send === "string")
    return {
      body: fillText(check.send, variables),
      headers: { "content-type": "text/plain; charset=utf-8" },
    };
  return {
    body: JSON.stringify(fillJson(check.send, variables)),
    headers: { "content-type": "application/json" },
  };
}
