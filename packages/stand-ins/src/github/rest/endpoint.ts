import { demand } from "../tokens.ts";
import { json, type Incoming, type Reply } from "../../stand-in.ts";
import { has, withoutAbsent } from "../enterprise.ts";
import type { Links } from "../present/links.ts";
import type { Session } from "../tokens.ts";
import { checkAnswer, checkRequest } from "../validation/check.ts";
import { findRepository, Refused, type World } from "../world.ts";
import { matchRoute, type Match } from "./routes.ts";
import type { Answer, Call } from "./route.ts";

/** One request to the REST API, its path without prefix. */
export function answerRest(
  world: World,
  session: Session,
  links: Links,
  incoming: Incoming,
  pathname: string,
  uploads: boolean,
): Reply {
  const match = matchRoute(incoming.method, pathname);
  const upload = match?.route.method === "POST" && match.route.template.endsWith("/assets");
  if (!match || upload !== uploads) throw new Refused(404, "Not Found");
  if (isSubIssueRoute(match.route.template) && !has(world, "sub-issues over REST"))
    throw new Refused(404, "Not Found");
  const call: Call = {
    world,
    session,
    links,
    path: match.path,
    query: incoming.url.searchParams,
    body: {},
    raw: incoming.body,
    headers: incoming.headers,
  };
  const answer = perform(match, call, upload);
  const operation = `${match.route.method} ${match.route.template}`;
  const problem = answer.raw ? undefined : checkAnswer(operation, answer.status, answer.value);
  if (problem) {
    world.violations.push(`answer of ${operation} (${answer.status}): ${problem}`);
    return json(500, {
      message: `The stand-in's own answer to ${operation} does not fit GitHub's description: ${problem}`,
    });
  }
  // Who holds a token for how long changes nothing that anybody could see.
  const isAboutTokens = /\/(access_tokens|installation\/token)$/.test(match.route.template);
  const wrote = match.route.method !== "GET" && answer.status < 300 && !isAboutTokens;
  if (answer.raw) {
    return {
      status: answer.status,
      wrote,
      headers: { "content-type": "application/octet-stream", ...answer.headers },
      body: answer.raw,
    };
  }
  if (answer.value === undefined)
    return { status: answer.status, wrote, headers: answer.headers ?? {} };
  return json(answer.status, withoutAbsent(world, answer.value), {
    wrote,
    headers: answer.headers ?? {},
  });
}

const isSubIssueRoute = (template: string): boolean => /\/(sub_issues?|parent)$/.test(template);

function perform({ route, path }: Match, call: Call, upload: boolean): Answer {
  if (route.kind === "open") return route.answer(call);
  const { world, session } = call;
  if (route.kind === "app") {
    if (!session.app) throw new Refused(401, "A JSON web token could not be decoded");
    if (route.method !== "GET") call.body = bodyOf(call, `${route.method} ${route.template}`);
    return route.answer({ ...call, app: session.app });
  }
  const repository = findRepository(world, `${path["owner"]}/${path["repo"]}`);
  if (!repository) throw new Refused(404, "Not Found");
  const needs =
    typeof route.needs === "function" ? route.needs({ ...call, repository }) : route.needs;
  demand(session, repository, needs);
  if (!upload && route.method !== "GET")
    call.body = bodyOf(call, `${route.method} ${route.template}`);
  return route.answer({
    ...call,
    repository,
    actor: session.actor ?? { login: "ghost", startsWorkflows: false },
  });
}

/** The body of a write, held to the published description: GitHub ignores an unknown property, we call it an error. */
function bodyOf({ world, raw }: Call, operation: string): Record<string, unknown> {
  let body: unknown = {};
  if (raw.length > 0) {
    try {
      body = JSON.parse(raw.toString("utf8"));
    } catch {
      throw new Refused(400, "Problems parsing JSON");
    }
  }
  const problem = checkRequest(operation, body);
  if (problem) {
    world.violations.push(`request ${operation}: ${problem}`);
    throw new Refused(422, `Invalid request.\n\n${problem}`);
  }
  return body as Record<string, unknown>;
}
