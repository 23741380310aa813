import type { RecordedRequest } from "@release-actions/stand-ins";
import type { Ended } from "./bundled-action.ts";
import type { SampleJob } from "./sample-jobs.ts";
import { nodeAgent, type JobWish, type Stage } from "./stage.ts";

/** What an action asked of each system, sorted: of those that it asks at once either may come first. */
export type Asked = Record<"github" | "registry" | "cluster" | "zenodo" | "site", string[]>;

export type SampleRun = { end: Ended; asked: Asked };

/**
 * Runs a sample job, and the finished run once more, as the button "Re-run" does.
 * `variables`: more of them for both.
 */
export async function runTwice(
  stage: Stage,
  job: SampleJob,
  variables: (attempt: 1 | 2) => Record<string, string> = () => ({}),
): Promise<{ first: SampleRun; again: SampleRun }> {
  const wish = await job.prepare(stage);
  const run = stage.newRun(wish);
  const attempt = (number: 1 | 2): JobWish => ({
    ...wish,
    run,
    attempt: number,
    variables: { ...wish.variables, ...variables(number) },
  });
  const first = await watched(stage, () => stage.run(job.action, attempt(1)));
  const again = await watched(stage, () => stage.run(job.action, attempt(2)));
  return { first, again };
}

async function watched(stage: Stage, run: () => Promise<Ended>): Promise<SampleRun> {
  const { github, registry, cluster, zenodo, visits } = stage;
  const seen = [github, registry, cluster, zenodo].map(({ requests }) => requests.length);
  const visited = visits.length;
  const end = await run();
  const [toGitHub = [], toRegistry = [], toCluster = [], toZenodo = []] = [
    github,
    registry,
    cluster,
    zenodo,
  ].map(({ requests }, index) =>
    requests
      .slice(seen[index])
      .filter(({ headers }) => headers["user-agent"] !== nodeAgent)
      .map(nameOf)
      .toSorted(),
  );
  return {
    end,
    asked: {
      github: toGitHub,
      registry: toRegistry,
      cluster: toCluster,
      zenodo: toZenodo,
      site: visits.slice(visited).toSorted(),
    },
  };
}

/** `METHOD path` without what is another one each time; of GraphQL the operation. */
function nameOf({ method, path, body }: RecordedRequest): string {
  if (path.endsWith("/graphql")) {
    const { query } = JSON.parse(body.toString()) as { query: string };
    return /^\s*((?:query|mutation) \w+)/.exec(query)?.[1] ?? query;
  }
  const lasting = path
    .replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, "<uuid>")
    .replace(/sha256:[0-9a-f]{64}/g, "<digest>")
    .replace(/\b[0-9a-f]{40}\b/g, "<commit>")
    .replace(/timeoutSeconds=\d+/, "timeoutSeconds=<seconds>")
    .replace(/\/\d{4,}\b/g, "/<id>");
  return `${method} ${lasting}`;
}
