/** RA55xx: the release issue. */
export const issue = {
  RA5501: {
    title: "The purpose of the release is missing",
    means:
      "A release issue says in one sentence what the release is for, and nobody has said it. Nothing was written.",
    next: "Start the workflow again with a `purpose`.",
  },
  RA5502: {
    title: "The release issue cannot be closed yet",
    means:
      "A release issue is closed when the release is accepted and published and nothing of it is left to do. Nothing was written.",
    next: "Finish the item, then run this job again.",
  },
  RA5503: {
    title: "There is no release issue of this version",
    means:
      "The ledger names the release issue of each version, and it names none here, or the issue was deleted.",
    next: "Open the release issue: run the workflow with `step: open`, the version and its purpose.",
  },
  RA5504: {
    title: "The event has no command to carry out",
    means:
      "`release-issue` with `step: command` reads the comment of an `issue_comment` event; `promote` carries out the command `/rollback` and no other. Nothing was written.",
    next: "Start it by `on: issue_comment: {types: [created]}`.",
  },
  RA5505: {
    title: "This person may not decide this",
    means:
      "Decisions belong to roles, and the person who wrote the comment has none that may decide this. Nothing was recorded.",
    next: "Somebody with the role writes the comment.",
  },
  RA5506: {
    title: "A reason is needed",
    means: "Who refuses a release or takes it back says why. Nothing was recorded.",
    next: "Write the comment again, with the reason behind it on the same line.",
  },
  RA5507: {
    title: "The comment does not count",
    means:
      "Only a comment that a person wrote and nobody edited is a decision. Nothing was recorded.",
    next: "Write a new comment.",
  },
  RA5508: {
    title: "The command does not fit this release",
    means:
      "A command names the version of the issue that it stands in, and a digest or an environment only if the release has it. Nothing was recorded.",
    next: "Write the command again, as the release issue shows it.",
  },
  RA5509: {
    title: "There is nothing to accept or to take back",
    means:
      "Acceptance and rollback are about the release that runs, and this version does not run where it would have to. Nothing was recorded.",
    next: "Look at the table in the release issue: it shows what runs where.",
  },
  RA5510: {
    title: "The release is not accepted",
    means:
      "`accept-by` names the role that accepts the running release; publication and everything after it waits for that.",
    next: "The person with the role comments `/accept <version>` in the release issue.",
  },
} as const;
