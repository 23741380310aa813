import type { IncomingMessage, ServerResponse } from "node:http";
import type { StandIn } from "@release-actions/stand-ins";
import type { Answerer } from "./proxy.ts";

/** One permission of a job's token. */
export type Need = { permission: string; level: string };

/** GitHub said no to a token. */
export type Refusal = {
  /** The token of the request. */
  token: string;
  /** What the request needs, as far as the answer tells: all of them, and the token lacks at least one. */
  needs: Need[];
  /** Method and path, or the GraphQL field. */
  request: string;
};

const read = (...permissions: string[]): Need[] =>
  permissions.map((permission) => ({ permission, level: "read" }));
const write = (permission: string): Need[] => [{ permission, level: "write" }];

/** The permissions behind the fields of GitHub's GraphQL API, whose refusals do not name any. */
const fieldNeeds: Record<string, Need[]> = {
  createCommitOnBranch: write("contents"),
  createRef: write("contents"),
  updateRef: write("contents"),
  deleteRef: write("contents"),
  createDeployment: write("deployments"),
  createDeploymentStatus: write("deployments"),
  addComment: write("issues"),
  updateIssueComment: write("issues"),
  updateIssue: write("issues"),
  addSubIssue: write("issues"),
  associatedPullRequests: read("pull-requests"),
  pullRequest: read("pull-requests"),
  pullRequests: read("pull-requests"),
  reviews: read("pull-requests"),
  closingIssuesReferences: read("issues"),
  issue: read("issues"),
  issues: read("issues"),
  subIssues: read("issues"),
  milestone: read("issues"),
  milestones: read("issues"),
  deployments: read("deployments"),
  checkSuites: read("checks"),
  statusCheckRollup: read("checks", "statuses"),
  status: read("statuses"),
  defaultBranchRef: read("contents"),
  ref: read("contents"),
  refs: read("contents"),
  object: read("contents"),
  release: read("contents"),
  releases: read("contents"),
  latestRelease: read("contents"),
};

/** Lets GitHub's stand-in answer and tells of each refusal for want of a permission. */
export function watchRefusals(github: StandIn, told: (refusal: Refusal) => void): Answerer {
  return (request, response) => {
    const token = tokenOf(request.headers.authorization ?? "");
    const path = (request.url ?? "").replace(/\?.*/, "");
    if (token !== "") {
      onAnswer(response, (status, headers, body) => {
        const found = path.endsWith("/graphql")
          ? fromGraphql(
              body,
              () =>
                github.requests
                  .findLast((one) => one.path === request.url)
                  ?.body.toString("utf8") ?? "",
            )
          : fromRest(status, headers, `${request.method ?? "GET"} ${path}`);
        for (const refusal of found) told({ token, ...refusal });
      });
    }
    return github.handle(request, response);
  };
}

/** git sends the token as a password. */
function tokenOf(authorization: string): string {
  const [scheme = "", value = ""] = authorization.split(/\s+/, 2);
  if (!/^basic$/i.test(scheme)) return value;
  return Buffer.from(value, "base64")
    .toString("utf8")
    .replace(/^[^:]*:/, "");
}

function fromRest(
  status: number,
  headers: Record<string, unknown>,
  request: string,
): Omit<Refusal, "token">[] {
  if (status !== 403) return [];
  const accepted = String(headers["x-accepted-github-permissions"] ?? "");
  const [permission, level] = (accepted.split(/[;,] */)[0] ?? "").split("=");
  if (!permission || !level) return [];
  return [{ needs: [{ permission: permission.replaceAll("_", "-"), level }], request }];
}

function fromGraphql(body: string, asked: () => string): Omit<Refusal, "token">[] {
  if (!body.includes("FORBIDDEN")) return [];
  const { errors = [] } = JSON.parse(body) as {
    errors?: { type?: string; path?: (string | number)[] }[];
  };
  const aliases = Object.fromEntries(
    [...asked().matchAll(/(\w+)\s*:\s*(\w+)\s*[({]/g)].map(([, alias, field]) => [alias, field]),
  );
  return errors
    .filter(({ type }) => type === "FORBIDDEN")
    .flatMap(({ path = [] }) => {
      const fields = path.map((part) => aliases[part] ?? String(part));
      const needs = fieldNeeds[fields.findLast((field) => Object.hasOwn(fieldNeeds, field)) ?? ""];
      return needs ? [{ needs, request: `the GraphQL field ${path.join(".")}` }] : [];
    });
}

type Told = (status: number, headers: Record<string, unknown>, body: string) => void;

/** Headers that are given to writeHead are not kept by Node: they are read as they pass. */
function onAnswer(response: ServerResponse<IncomingMessage>, told: Told): void {
  const { writeHead, end } = response;
  let headers: Record<string, unknown> = {};
  response.writeHead = ((status: number, given: Record<string, unknown> = {}) => {
    headers = given;
    return writeHead.call(response, status, given as never);
  }) as never;
  response.end = ((body?: string | Buffer) => {
    told(response.statusCode, headers, body === undefined ? "" : body.toString());
    return end.call(response, body as never, "utf8");
  }) as never;
}
