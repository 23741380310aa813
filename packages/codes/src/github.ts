/** RA50xx: GitHub and the ledger on it. */
export const github = {
  RA5001: {
    title: "GitHub refused the token",
    means: "The token is missing, expired or revoked.",
    next: "Give the input `token`, or make a new token.",
  },
  RA5002: {
    title: "GitHub answered with an error",
    means: "The request was understood and refused, for the reason that GitHub gives.",
    next: "Read GitHub's sentence; if it is a failure of the service, run the job again.",
  },
  RA5003: {
    title: "The job's token may not do this",
    means:
      "The job's `permissions:` do not hold what this step needs. Nothing was written by this request.",
    next: "Add the named permission to the job's `permissions:` in the workflow file.",
  },
  RA5004: {
    title: "A file of the repository is missing",
    means: "The configuration names a path that does not exist at that commit.",
    next: "Correct the path, or commit the file.",
  },
  RA5005: {
    title: "GitHub's limit of requests is used up",
    means: "GitHub refuses further requests for a while.",
    next: "Run the job again after the time that is named.",
  },
  RA5010: {
    title: "The ledger cannot be read",
    means:
      "A file on the ledger's branch is not what this version of release-actions writes: somebody edited it, or a newer version did.",
    next: "Restore the branch to its last commit by the pipeline, or use the version of the actions that wrote it.",
  },
  RA5011: {
    title: "The ledger moved while it was written",
    means: "Other runs appended again and again in between.",
    next: "Run the job again.",
  },
  RA5012: {
    title: "A newer entry took this environment over",
    means:
      "The run was resumed, but another run has released into the environment since. Nothing was written.",
    next: "Start a new run if this version is still wanted.",
  },
  RA5013: {
    title: "This run has ended already",
    means:
      "The run's entry in the ledger is closed as failed or rolled back. A run that ended is not continued; nothing was written.",
    next: "Start a new run of the workflow.",
  },
  RA5014: {
    title: "This GitHub server does not have what is needed",
    means:
      "A GitHub Enterprise Server that is older than 3.16 lacks parts of the API, such as sub-issues. Nothing was written by this request.",
    next: "Update the server; docs/reference/enterprise.md says what each version has.",
  },
} as const;
