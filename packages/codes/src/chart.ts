/** RA34xx: charts, kustomizations, and files that a deployment takes from elsewhere. */
export const chart = {
  RA3401: {
    title: "Helm is not there",
    means:
      "A chart is deployed by the runner's own helm, version 3 or 4; nothing is downloaded at run time.",
    next: "Install helm in an earlier step of the job, or take a runner that has it.",
  },
  RA3402: {
    title: "The chart is not there",
    means: "At the commit that is deployed the folder is missing or has no Chart.yaml.",
    next: "Correct `chart`; it is the folder that holds Chart.yaml.",
  },
  RA3403: {
    title: "The chart cannot be rendered",
    means: "Helm could not make objects of it; nothing was written.",
    next: "Correct what helm names; `helm template CHART --values FILE` shows the same.",
  },
  RA3404: {
    title: "A hook would run another image than the release's",
    means:
      "Helm 3 does not let anybody change the images of hooks, and this one names a component's image without its digest.",
    next: "Use Helm 4, or give the hook its image by a value, such as `vars: {migration.image: '${image}@${digest}'}`.",
  },
  RA3405: {
    title: "Another Helm operation is in progress",
    means:
      "The release's last revision is pending: somebody else's helm is at work, or was ended before it was done.",
    next: "Wait until it is done, or look at `helm history` and roll the release back by hand.",
  },
  RA3406: {
    title: "Helm did not deploy the chart",
    means: "It ended with an error, or was not done before the deadline.",
    next: "Read helm's last lines, correct what they name, then run the job again.",
  },
  RA3407: {
    title: "An env file cannot be read",
    means:
      "Env files are parsed and never run: lines are KEY=VALUE, and nothing in them is expanded.",
    next: "Correct the line that is named; write values out, in single quotes where they have a dollar sign.",
  },
  RA3408: {
    title: "A value from an env file is missing",
    means: "`${env:KEY}` names a key that no file of `env-files` has.",
    next: "Add the key to the file of this environment, or correct the placeholder.",
  },
  RA3409: {
    title: "A file elsewhere cannot be read",
    means:
      "`owner/repo/path@ref` names a repository, a ref or a path that is not there, or that the token may not read.",
    next: "Correct it; for a private repository give a token that may read its contents.",
  },
  RA3411: {
    title: "kustomize is not there",
    means:
      "A kustomization is rendered by the runner's own `kubectl kustomize` or `kustomize build`; nothing is downloaded at run time.",
    next: "Install kubectl or kustomize in an earlier step of the job, or take a runner that has one.",
  },
  RA3412: {
    title: "The kustomization cannot be rendered",
    means: "kustomize could not make objects of it; nothing was written.",
    next: "Correct what kustomize names; `kubectl kustomize FOLDER` shows the same.",
  },
} as const;
