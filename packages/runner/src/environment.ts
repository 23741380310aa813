import { readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { Fault } from "@release-actions/codes";

type Variables = Readonly<Record<string, string | undefined>>;

/**
 * What the runner says about the job. A property whose variable is missing throws RA1003 when it is read,
 * so an action that does not need it can be started by hand.
 */
export type RunnerEnvironment = {
  readonly repository: { readonly owner: string; readonly name: string };
  readonly sha: string;
  /** Full ref, `refs/tags/1.2.3`. */
  readonly ref: string;
  readonly refName: string;
  readonly refType: "branch" | "tag";
  readonly eventName: string;
  /** The event's payload as GitHub sent it; an empty object where the runner gave no file. */
  readonly event: unknown;
  readonly actor: string;
  /** Who started this attempt: another person than `actor` after a re-run. */
  readonly triggeringActor: string;
  readonly runId: number;
  readonly runAttempt: number;
  readonly workflow: string;
  readonly job: string;
  readonly serverUrl: string;
  readonly apiUrl: string;
  readonly graphqlUrl: string;
  readonly workspace: string | undefined;
  /** A folder for files of this job. */
  readonly temp: string;
  readonly debug: boolean;
};

/** Reads the job's environment from the runner's variables. */
export function readEnvironment(variables: Variables): RunnerEnvironment {
  const need = (name: string): string => {
    const value = variables[name];
    if (value) return value;
    throw new Fault("RA1003", { saw: `The variable ${name} is not set.` });
  };
  const wholeNumber = (name: string): number => {
    const value = need(name);
    if (/^\d+$/.test(value)) return Number(value);
    throw new Fault("RA1003", { saw: `The variable ${name} is not a number.` });
  };
  return {
    get repository() {
      const [owner, name, ...more] = need("GITHUB_REPOSITORY").split("/");
      if (!owner || !name || more.length > 0)
        throw new Fault("RA1003", { saw: "The variable GITHUB_REPOSITORY is not owner/name." });
      return { owner, name };
    },
    get sha() {
      return need("GITHUB_SHA");
    },
    get ref() {
      return need("GITHUB_REF");
    },
    get refName() {
      return need("GITHUB_REF_NAME");
    },
    get refType() {
      const type = need("GITHUB_REF_TYPE");
      if (type === "branch" || type === "tag") return type;
      throw new Fault("RA1003", { saw: "The variable GITHUB_REF_TYPE is neither branch nor tag." });
    },
    get eventName() {
      return need("GITHUB_EVENT_NAME");
    },
    get event() {
      return readEvent(variables["GITHUB_EVENT_PATH"]);
    },
    get actor() {
      return need("GITHUB_ACTOR");
    },
    get triggeringActor() {
      return need("GITHUB_TRIGGERING_ACTOR");
    },
    get runId() {
      return wholeNumber("GITHUB_RUN_ID");
    },
    get runAttempt() {
      return wholeNumber("GITHUB_RUN_ATTEMPT");
    },
    get workflow() {
      return need("GITHUB_WORKFLOW");
    },
    get job() {
      return need("GITHUB_JOB");
    },
    serverUrl: variables["GITHUB_SERVER_URL"] || "https://github.com",
    apiUrl: variables["GITHUB_API_URL"] || "https://api.github.com",
    graphqlUrl: variables["GITHUB_GRAPHQL_URL"] || "https://api.github.com/graphql",
    workspace: variables["GITHUB_WORKSPACE"] || undefined,
    temp: variables["RUNNER_TEMP"] || tmpdir(),
    debug: variables["RUNNER_DEBUG"] === "1",
  };
}

function readEvent(path: string | undefined): unknown {
  if (!path) return {};
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch (cause) {
    throw new Fault("RA1003", {
      saw: "The file of GITHUB_EVENT_PATH is missing or is not JSON.",
      cause,
    });
  }
}
