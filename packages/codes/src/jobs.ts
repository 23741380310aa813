/** RA35xx: Kubernetes Jobs around the rollout. */
export const jobs = {
  RA3501: {
    title: "A Job of the deployment failed",
    means: "Its container ended with an error as often as its backoffLimit allows.",
    next: "Read the Job's last lines, correct the cause, then run the job again: a new Job is made.",
  },
  RA3502: {
    title: "A Job of the deployment cannot be used",
    means: "The file is missing at the released commit, or it is not exactly one batch/v1 Job.",
    next: "Correct `deploy.before`, `deploy.after` or `deploy.restore`: one Job a file.",
  },
  RA3503: {
    title: "A Job of the deployment was not done before the deadline",
    means:
      "It may go on in the cluster; this run does not wait any longer and makes no second one.",
    next: "Look at the Job's pods, or give a longer `timeout`, then run the job again: it waits for the same Job.",
  },
} as const;
