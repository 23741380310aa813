/** RA13xx: what a release is. */
export const tag = {
  RA1301: {
    title: "The tag scheme does not exist",
    means: "`tag.scheme` names no scheme that the product knows.",
    next: "Use semver, v-semver, pep440, or calver: followed by a pattern such as YYYY.0M.MICRO.",
  },
  RA1302: {
    title: "The tag is not a release of this scheme",
    means:
      "A release's tag must have exactly the form that `tag.scheme` says; nothing was written.",
    next: "Delete the tag and tag the commit again in the right form, or correct `tag.scheme`.",
  },
  RA1303: {
    title: "The tag does not exist",
    means: "The repository has no such tag, so nobody knows which commit is meant.",
    next: "Push the tag, or start the workflow with a version that has one.",
  },
  RA1304: {
    title: "The tagged commit is not on the release branch",
    means:
      "Only commits that are on `tag.branch` are releases: what was never reviewed there is never deployed.",
    next: "Merge the commit into the branch first, then tag the merged commit.",
  },
  RA1305: {
    title: "The version is not newer than the last release",
    means:
      "The version is lower than or equal to that of a release that already exists in its series.",
    next: "Choose a higher version, or use the action rollback to go back to an older one.",
  },
  RA1306: {
    title: "A manifest names another version",
    means: "The files of `tag.manifests` must say the version that the tag says.",
    next: "Correct the version in the file, commit, and tag that commit.",
  },
  RA1307: {
    title: "The tag moved",
    means:
      "The tag points to another commit than the one that the ledger has for this version. Tags are never moved.",
    next: "Make a new version for the new commit.",
  },
  RA1308: {
    title: "The tags of other repositories cannot be made",
    means:
      "A component's source is in another repository. A job's own token writes to its own repository only, so the tag there needs a token of a GitHub App.",
    next: "Give the action `app-token`: a token of a GitHub App that is installed there, with `contents: write`.",
  },
  RA1309: {
    title: "A component's repository cannot be read",
    means:
      "The repository that the file names for a component does not exist, or the token does not reach it.",
    next: "Correct `repository` of the component, or give `app-token` a token that reaches it.",
  },
} as const;
