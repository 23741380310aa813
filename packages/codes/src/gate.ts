/** RA12xx: the gate's decisions. */
export const gate = {
  RA1201: {
    title: "Another run works on this environment",
    means:
      "The ledger's last entry of the environment is open, and the run that opened it has not ended.",
    next: "Wait for that run to end, or run it again if it was cancelled.",
  },
  RA1202: {
    title: "This person may not run it",
    means:
      "`gate.run-by` names the roles that may start this action, and the person who started the run has none of them.",
    next: "Somebody with the role starts the workflow.",
  },
  RA1203: {
    title: "There is no evidence that this build was tested",
    means:
      "The environment takes only releases whose commit and digests passed in the environment before it.",
    next: "Release the version into the environment before it first, then start this workflow again.",
  },
  RA1204: {
    title: "There is no recorded release to go back to",
    means:
      "A rollback goes to a release that passed in this environment; the ledger has none that fits.",
    next: "Name a version that passed here, or release a mended version.",
  },
  RA1205: {
    title: "No version is named",
    means: "Neither the event nor the inputs nor the ledger say which version is meant.",
    next: "Start the workflow with a `version`.",
  },
  RA1206: {
    title: "The build's image is not in the registry",
    means:
      "The first environment takes the image that the build of the tagged commit pushed, and it is not there.",
    next: "Wait for the build of that commit, or run it again; `gate.wait` lets this run wait for it.",
  },
  RA1207: {
    title: "A required check has not succeeded",
    means:
      "Every check of `gate.status-checks` must have run and succeeded on the released commit; skipped or missing is not success.",
    next: "Mend the commit or run the check again, then start this workflow again.",
  },
  RA1208: {
    title: "The image says that it is another build",
    means:
      "The labels org.opencontainers.image.version and .revision of the image are compared with the tag and its commit; one of them names another version or another commit. Nothing was written.",
    next: "Build the tagged commit anew, or correct the labels that the build sets. `gate.warn: [labels]` lets it pass with a warning.",
  },
  RA1209: {
    title: "The release that runs could not be brought back",
    means:
      "A failed release is answered by going back to the one before. Of its image the registry lacks a part, usually because a retention rule deleted it. Nothing was written.",
    next: "Push the image again from where it still is, or stop the rule that deletes it; `gate.warn: [rollback-image]` lets this release pass without a way back.",
  },
  RA1210: {
    title: "The commit has more than one image",
    means:
      "The tag of `components[].image-tag` is not there, and more than one image is found by the commit's hash or revision label. Nothing was written.",
    next: "Say in `components[].image-tag` under which tag the build pushes the image, or delete the ones that are not meant.",
  },
  RA1211: {
    title: "The release issue is missing",
    means: "Approvals are comments in the release issue, and no open issue has its title.",
    next: "Open the release issue and have it approved.",
  },
  RA1212: {
    title: "The release is not approved",
    means:
      "`gate.approvals` asks for one person of each role to approve this version and these digests in writing.",
    next: "The person with the role comments `/approve <version>` in the release issue.",
  },
  RA1213: {
    title: "The release was refused",
    means:
      "Somebody with a role has refused this version in writing, with a reason, and no later approval names that refusal.",
    next: "Mend what the reason says and release a new version, or somebody who approves comments `/approve <version> despite #<comment>`.",
  },
  RA1214: {
    title: "The release issue is closed",
    means:
      "The ledger knows the release issue of this version, and it is closed: decisions and the checklist count only in an open one.",
    next: "Open the issue again if this version is still to be released.",
  },
  RA1215: {
    title: "The checklist has open items",
    means:
      "Every item of `gate.checklist` must be ticked in the release issue, and every item with a sub-issue must have it closed.",
    next: "Do what the items say, tick them in the release issue or close their sub-issues, then start this workflow again.",
  },
  RA1216: {
    title: "One person has done two people's parts",
    means:
      "`gate.four-eyes` asks that who starts the run has neither opened the release issue nor approved the release.",
    next: "Somebody else with the role starts the workflow.",
  },
  RA1217: {
    title: "There is nothing to accept",
    means:
      "Only what runs in the environment, has passed there and was not rolled back can be accepted.",
    next: "Release the version into the environment first, or accept the version that runs there.",
  },
  RA1218: {
    title: "This person may not accept it",
    means: "`accept-by` names the role whose word counts, and this person does not have it.",
    next: "Somebody with the role comments `/accept <version>` in the release issue.",
  },
  RA1219: {
    title: "The members of a team cannot be read",
    means:
      "A role names a team of an organization, and the job's own token may not read who is in a team.",
    next: "Give the input `app-token` a token of a GitHub App that may read the organization's members, or name the people.",
  },
  RA1220: {
    title: "Something happened since this was asked for",
    means:
      "A rollback without a version takes back what ran when it was asked for; another run has changed the environment since.",
    next: "Look at what runs now. If it is still to be rolled back, start a new run.",
  },
  RA1221: {
    title: "Data are not restored here",
    means:
      "The action restore overwrites data: it needs a Job and the people who approve it, and works on what runs.",
    next: "Name the Job under `deploy.restore`, and who has to approve it under `exceptions.restore`.",
  },
} as const;
