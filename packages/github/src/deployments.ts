import { Fault } from "@release-actions/codes";
import type { Look, Step } from "@release-actions/plan";
import { statusOf, type GitHub } from "./client.ts";

type Deployment = { id: number; payload: unknown };
type DeploymentStatus = { state: string; log_url?: string; description?: string };

export type DeploymentState = "in_progress" | "success" | "failure" | "inactive";

/**
 * The step that makes GitHub's deployment of a ledger entry. GitHub has no key for it: ours is in the payload,
 * and after a doubtful write all of ours are listed, the lowest id stays and the others are removed. Where the job's
 * `environment:` has made GitHub write one by itself, that one is taken, and no second is made.
 */
export function deploymentStep(
  github: GitHub,
  about: {
    entry: string;
    commit: string;
    environment: string;
    production: boolean;
    fresh: boolean;
    /** The commit of the workflow, and the address of its run. */
    workflow: { commit: string | undefined; run: string };
  },
): Step<number> {
  const ours = async (): Promise<number[]> => {
    const listed = await github.rest<Deployment[]>(
      "GET /repos/{owner}/{repo}/deployments",
      {
        sha: about.commit,
        environment: about.environment,
        per_page: 100,
      },
      "[id]",
    );
    return listed
      .filter((deployment) => entryOf(deployment.payload) === about.entry)
      .map((deployment) => deployment.id)
      .sort((a, b) => a - b);
  };
  let adopted: number | undefined;
  /** The one that GitHub made for the job that runs now: of the workflow's commit, under way, with this run's log. */
  const ofTheJob = async (): Promise<number | undefined> => {
    if (about.workflow.commit === undefined) return undefined;
    const listed = await github.rest<Deployment[]>(
      "GET /repos/{owner}/{repo}/deployments",
      { sha: about.workflow.commit, environment: about.environment, task: "deploy", per_page: 10 },
      "[id]",
    );
    const candidates = listed
      .filter((deployment) => entryOf(deployment.payload) === undefined)
      .map((deployment) => deployment.id)
      .sort((a, b) => b - a);
    for (const id of candidates.slice(0, 3)) {
      const statuses = await github.rest<DeploymentStatus[]>(
        "GET /repos/{owner}/{repo}/deployments/{deployment_id}/statuses",
        { deployment_id: id, per_page: 100 },
        "[state]",
      );
      const isOurs = statuses.some(
        ({ log_url: log = "" }) =>
          log === about.workflow.run || log.startsWith(`${about.workflow.run}/`),
      );
      const isTaken = statuses.some(({ description = "" }) =>
        description.startsWith(`${about.entry}: `),
      );
      // GitHub lists the newest first. One that is over belongs to another job of this run, unless this entry has ended it.
      const isUnderWay = ["in_progress", "queued", "pending"].includes(statuses[0]?.state ?? "");
      if (isOurs && (isUnderWay || isTaken)) return id;
    }
    return undefined;
  };
  // An entry that this very process has allocated cannot have a deployment yet: the first look costs nothing.
  let unwritten = about.fresh;
  return {
    key: `deployment of ${about.entry}`,
    title: `Record the deployment of ${about.environment} on GitHub`,
    look: async (): Promise<Look<number>> => {
      const [first] = unwritten ? [] : await ours();
      if (first !== undefined) return { state: "done", value: first };
      try {
        adopted ??= await ofTheJob();
      } catch (error) {
        // Who may not read deployments may not make one either, and is told so by the write.
        if (!(error instanceof Fault) || statusOf(error.cause) !== 403) throw error;
      }
      return adopted === undefined ? { state: "todo" } : { state: "done", value: adopted };
    },
    act: async () => {
      unwritten = false;
      const made = await github.rest<Deployment>(
        "POST /repos/{owner}/{repo}/deployments",
        {
          ref: about.commit,
          environment: about.environment,
          auto_merge: false,
          required_contexts: [],
          production_environment: about.production,
          description: `release-actions ${about.entry}`,
          payload: { "release-actions": about.entry },
        },
        "id",
      );
      return made.id;
    },
    settle: async (made) => {
      if (made === adopted) return { state: "done", value: made };
      const listed = await ours();
      if (!listed.includes(made))
        return { state: "unknown", saw: `GitHub does not list deployment ${made} yet` };
      const [first = made, ...others] = listed;
      for (const id of others) {
        await github.send("POST /repos/{owner}/{repo}/deployments/{deployment_id}/statuses", {
          deployment_id: id,
          state: "inactive",
        });
        await github.send("DELETE /repos/{owner}/{repo}/deployments/{deployment_id}", {
          deployment_id: id,
        });
      }
      return { state: "done", value: first };
    },
  };
}

/** The step that sets a deployment's state. A second equal row would be harmless noise; the last state is looked at first. */
export function deploymentStatusStep(
  github: GitHub,
  about: {
    entry: string;
    deployment: number;
    state: DeploymentState;
    url?: string;
    logUrl: string;
    description: string;
    fresh: boolean;
  },
): Step<void> {
  let unwritten = about.fresh;
  return {
    key: `deployment ${about.deployment} is ${about.state}`,
    title: `Say on GitHub that the deployment is ${about.state.replace("_", " ")}`,
    look: async (): Promise<Look<void>> => {
      if (unwritten) return { state: "todo" };
      const listed = await github.rest<DeploymentStatus[]>(
        "GET /repos/{owner}/{repo}/deployments/{deployment_id}/statuses",
        { deployment_id: about.deployment, per_page: 100 },
        "[state]",
      );
      // An entry has a deployment of its own, which comes to each state once.
      return listed.some(({ state }) => state === about.state)
        ? { state: "done", value: undefined }
        : { state: "todo" };
    },
    act: async () => {
      unwritten = false;
      await github.send("POST /repos/{owner}/{repo}/deployments/{deployment_id}/statuses", {
        deployment_id: about.deployment,
        state: about.state,
        log_url: about.logUrl,
        // GitHub refuses descriptions over 140 characters.
        description: [...`${about.entry}: ${about.description}`].slice(0, 140).join(""),
        ...(about.url ? { environment_url: about.url } : {}),
        auto_inactive: about.state === "success",
      });
    },
  };
}

function entryOf(payload: unknown): unknown {
  const value = typeof payload === "string" ? tryJson(payload) : payload;
  return typeof value === "object" && value !== null
    ? (value as Record<string, unknown>)["release-actions"]
    : undefined;
}

function tryJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
