import { startAction, type Ended } from "../bundled-action.ts";

/** Promotes with the built action, as a job's step without a pipeline's file: `targets` are tags of one repository. */
export function promoteByAction(
  wish: { source: string; targets: readonly string[] },
  job: { variables?: Record<string, string>; under?: readonly string[] } = {},
): Promise<Ended> {
  const [target = ""] = wish.targets;
  return startAction("promote-image", {
    inputs: {
      config: "",
      images: `${wish.source} -> ${repositoryOf(target)}`,
      "image-tags": wish.targets.map(tagOf).join("\n"),
    },
    variables: {
      GITHUB_REPOSITORY: "example/app",
      GITHUB_SHA: "0".repeat(40),
      GITHUB_REF: "refs/heads/main",
      GITHUB_REF_NAME: "main",
      GITHUB_REF_TYPE: "branch",
      GITHUB_EVENT_NAME: "workflow_dispatch",
      GITHUB_ACTOR: "releaser",
      GITHUB_TRIGGERING_ACTOR: "releaser",
      GITHUB_WORKFLOW: "release",
      GITHUB_JOB: "release",
      GITHUB_RUN_ID: "1",
      GITHUB_RUN_ATTEMPT: "1",
      ...job.variables,
    },
    ...(job.under ? { under: job.under } : {}),
    event: {},
    token: "",
    secrets: [],
  }).ended;
}

/** A reference without its tag or digest. */
export function repositoryOf(reference: string): string {
  return reference.replace(/@.*$/, "").replace(/:[^:/]+$/, "");
}

/** A reference's tag. */
export function tagOf(reference: string): string {
  return reference.slice(repositoryOf(reference).length + 1);
}
