/** RA10xx: what an action is given. */
export const inputs = {
  RA1001: {
    title: "An input is missing",
    means:
      "The action needs this input, and neither the step, the event nor the configuration gives it.",
    next: "Give the input under `with:` in the workflow, or the key in .github/release-pipeline.yml.",
  },
  RA1002: {
    title: "An input has a value that cannot be used",
    means:
      "The value is of another type, too long, or holds characters that are not allowed there.",
    next: "Correct the value under `with:`; the action's reference page says what it takes.",
  },
  RA1003: {
    title: "The action does not run in GitHub Actions' environment",
    means: "A variable or file that every runner provides is missing.",
    next: "Run the action from a workflow. By hand: set the named variable; GITHUB_OUTPUT and GITHUB_STEP_SUMMARY are paths of empty files.",
  },
  RA1004: {
    title: "Something unexpected happened",
    means:
      "A fault that has no code of its own: a defect of the action. Nothing further was written after it.",
    next: "Run the job again (it continues where it stopped), and report the message if it comes again.",
  },
  RA1005: {
    title: "The job was cancelled",
    means:
      "The runner asked the action to stop. It stopped where it was and repaired nothing; what was written stays written.",
    next: "Run the job again: it looks at what was done and continues from there.",
  },
} as const;
