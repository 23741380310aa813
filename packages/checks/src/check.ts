import type { Finding } from "@release-actions/codes";

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** What a value of a JSON answer must be: the value itself, or one or more comparisons. */
export type ExpectedValue =
  | null
  | boolean
  | number
  | string
  | Json[]
  | { matches?: string; below?: number; "at-least"?: number; equals?: Json };

/**
 * One question over HTTP and what its answer must be. Texts may hold placeholders, `${version}`.
 * `post` is sent at every attempt, so it must be a question too.
 */
export type Check = {
  name?: string;
  /** Path on the environment's address, or a URL; exactly one of `get` and `post`. */
  get?: string;
  post?: string;
  /** Body of `post`: a text, or anything else as JSON. */
  send?: Json;
  /** Default 200. With a 3xx redirects are not followed. */
  status?: number;
  headers?: Record<string, string | { matches: string }>;
  body?: { contains?: string; matches?: string };
  /** JSONPath (RFC 9535) to what every selected value must be; a path that selects nothing does not hold. */
  json?: Record<string, ExpectedValue>;
  /** `200ms of 20`: of 20 requests in a row, 95 of 100 are answered in 200 ms. */
  p95?: string;
  /** Milliseconds for one attempt; default one minute. */
  timeout?: number;
};

export type CheckResult = {
  name: string;
  passed: boolean;
  /** Requests, or rounds of requests where the check measures. */
  attempts: number;
  /** From the first attempt to the verdict. */
  milliseconds: number;
  /** What the last attempt that did not hold saw and wanted; foreign text, not escaped. */
  saw?: string;
  expected?: string;
};

export type ChecksReport = {
  passed: boolean;
  results: CheckResult[];
  /** The largest measured 95th percentile in milliseconds. */
  p95?: number;
  findings: Finding[];
};
