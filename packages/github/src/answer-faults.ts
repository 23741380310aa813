import { Fault } from "@release-actions/codes";

export type QueryError = {
  type?: string;
  message: string;
  path?: (string | number)[];
  extensions?: { code?: string };
};

/** GitHub's refusal of a REST request as a fault that names what to change. */
export function faultOfAnswer(
  status: number,
  headers: Record<string, string>,
  body: unknown,
  what: string,
  cause?: unknown,
): Fault {
  const said = sentence(body);
  if (status === 401) return new Fault("RA5001", { saw: `${what}: ${said}`, cause });
  if (
    (status === 403 || status === 429) &&
    (headers["x-ratelimit-remaining"] === "0" || headers["retry-after"])
  ) {
    return new Fault("RA5005", { saw: `${what}: ${said}`, cause });
  }
  const accepted = headers["x-accepted-github-permissions"];
  if (status === 403 && /not accessible by/.test(said))
    return missingPermission(what, said, accepted, cause);
  return new Fault("RA5002", { saw: `${what} was answered ${status}: ${said}`, cause });
}

/** The errors of a GraphQL answer as one fault; `server` is what an enterprise server says that it is. */
export function faultOfQuery(errors: QueryError[], cause: unknown, server?: string): Fault {
  const [first] = errors;
  const said = errors.map((error) => error.message).join("; ");
  // The schema of the server does not have what we ask for, so that it is older than we are.
  if (errors.some(({ extensions }) => /^undefined|NotAccepted$/.test(extensions?.code ?? "")))
    return new Fault("RA5014", { saw: `${server ?? "the server"} answered: ${said}`, cause });
  if (
    errors.some((error) => error.type === "FORBIDDEN" || /not accessible by/.test(error.message))
  ) {
    return missingPermission(
      `${(first?.path ?? ["the query"]).join(".")}`,
      said,
      permissionOf(errors),
      cause,
    );
  }
  if (errors.some((error) => error.type === "RATE_LIMITED"))
    return new Fault("RA5005", { saw: said, cause });
  if (errors.some((error) => error.type === "STALE_DATA"))
    return new Fault("RA5011", { saw: said, cause });
  return new Fault("RA5002", { saw: said, cause });
}

/** GraphQL does not say which permission a field needs; these are the fields that we ask for. */
const fieldPermissions: [RegExp, string][] = [
  [/^createCommitOnBranch|^createRef/, "contents=write"],
  [/^addSubIssue/, "issues=write"],
  [/statusCheckRollup|checkSuites/, "checks=read and statuses=read"],
  [/closingIssues/, "issues=read"],
  [/pullRequest|associatedPullRequests/i, "pull-requests=read"],
  [/issue|comments|milestones/, "issues=read"],
  [/deployment/, "deployments=read"],
  [/ref|object|release/i, "contents=read"],
];

function permissionOf(errors: QueryError[]): string | undefined {
  const path = errors.flatMap((error) => error.path ?? []).join(".");
  return fieldPermissions.find(([field]) => field.test(path))?.[1];
}

function missingPermission(
  what: string,
  said: string,
  accepted: string | undefined,
  cause: unknown,
): Fault {
  // GitHub lists alternatives with `;` and parts of one with `,`: the first alternative is the least.
  const lines = accepted
    ?.split(";")[0]
    ?.split(/,| and /)
    .map((permission) => `\`${permission.trim().replace("=", ": ")}\``)
    .join(" and ");
  return new Fault("RA5003", {
    saw: `${what}: ${said}`,
    ...(lines
      ? { next: `Add ${lines} under \`permissions:\` of this job in the workflow file.` }
      : {}),
    cause,
  });
}

function sentence(body: unknown): string {
  if (typeof body === "string") return body.slice(0, 500);
  if (typeof body === "object" && body !== null && "message" in body) {
    const details =
      "errors" in body && Array.isArray(body.errors)
        ? ` ${JSON.stringify(body.errors).slice(0, 500)}`
        : "";
    return `${String(body.message).slice(0, 500)}${details}`;
  }
  return "no reason was given";
}
