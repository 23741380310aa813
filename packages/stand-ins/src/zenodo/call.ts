import { json, type Incoming, type Reply } from "../stand-in.ts";
import type { Answers } from "./answers.ts";
import type { Deposit, Deposits } from "./deposits.ts";
import { forbidden, Problem } from "./problem.ts";

/** One authenticated request on its way through the routes. */
export type Call = {
  request: Incoming;
  /** Path below /api/, split at its slashes and decoded. */
  path: readonly string[];
  user: string | undefined;
  deposits: Deposits;
  answers: Answers;
  /** UTC date of the stand-in's clock. */
  today: string;
  /** Deposits as a search sees them: its index lags behind. */
  indexed(): Deposit[];
};

/** The user, or a 403: Zenodo answers so to a request without a token where one is needed. */
export function signedIn(call: Call): string {
  if (call.user === undefined) throw forbidden();
  return call.user;
}

/** The JSON body; an empty one is undefined. @throws Problem 415 for another media type, 400 for what is not JSON */
export function bodyOf(call: Call): unknown {
  const { body, headers } = call.request;
  if (body.length === 0) return undefined;
  const type = (headers["content-type"] ?? "").split(";")[0]?.trim();
  if (type !== "application/json") {
    throw new Problem(415, "Invalid 'Content-Type' header. Expected one of: application/json");
  }
  try {
    return JSON.parse(body.toString("utf8"));
  } catch {
    throw new Problem(400, "Unable to decode JSON data in request body.");
  }
}

export const gone = (wrote = true): Reply => ({ status: 204, wrote });

/** What Zenodo has and this stand-in does not: loud, so that no test passes by accident. */
export function notBuilt(call: Call): Reply {
  const { method, url } = call.request;
  return json(501, {
    status: 501,
    message: `The Zenodo stand-in has no ${method} ${url.pathname} yet.`,
  });
}
