/** RA60xx: release. */
export const release = {
  RA6001: {
    title: "The previous release's tag is not there",
    means:
      "The changes of a release are counted from the previous tag of its series, and GitHub has no such tag.",
    next: "Push the tag again, or give the right previous tag.",
  },
  RA6002: {
    title: "A draft for this tag belongs to somebody else",
    means:
      "GitHub holds a draft release of the same tag that these actions did not write. It was left alone.",
    next: "Publish or delete that draft on GitHub, then run the job again.",
  },
  RA6003: {
    title: "The tag does not point to the released commit",
    means: "The tag is missing or was moved since the release was judged. Nothing was published.",
    next: "Release a new version: a tag that was moved is not trusted again.",
  },
  RA6004: {
    title: "The release's assets are not the ones to publish",
    means:
      "The draft lacks an asset, or holds one that this release does not have. Nothing was published.",
    next: "Remove the named assets from the draft on GitHub, then run the job again.",
  },
  RA6005: {
    title: "An asset cannot be attached",
    means:
      "GitHub takes no empty file and replaces characters in names, so that a file would have another name than its checksum line.",
    next: "Name the file with letters, digits and . _ - + @ ~ only, each name once; SHA256SUMS is made by the action.",
  },
  RA6006: {
    title: "The changes of the release could not be read completely",
    means:
      "GitHub named more commits than it handed out. Notes that silently lack changes are not written.",
    next: "Run the job again; if it stays so, give a nearer previous tag.",
  },
  RA6007: {
    title: "The release notes are too long",
    means: "GitHub takes 125 000 characters.",
    next: "Shorten the template of the notes.",
  },
  RA6008: {
    title: "The published release differs from this one",
    means:
      "There is a published release of the tag whose text or assets are others. A published release is never changed.",
    next: "Compare them on GitHub; if the difference matters, release a new version.",
  },
  RA6009: {
    title: "An asset changed on its way to GitHub",
    means: "GitHub computed another checksum than the release has. Nothing was published.",
    next: "Run the job again: the asset is sent anew.",
  },
  RA6010: {
    title: "There is nothing to prepare",
    means:
      "The release pull request brings the changelog and the DOI into the repository before the tag, and the pipeline's file asks for neither.",
    next: "Name a file under `release.changelog` or `zenodo.write-to`, and leave `release.pull-request` at true.",
  },
  RA6011: {
    title: "No DOI is reserved for the version",
    means: "The files of the release name its DOI, so it is reserved before they are written.",
    next: "Run zenodo-doi with `step: reserve` for this version first.",
  },
  RA6012: {
    title: "A file has no place for the DOI",
    means:
      "A changelog and a CITATION.cff are understood. In any other file of `zenodo.write-to`, the text between `<!-- doi -->` and `<!-- /doi -->` is replaced, and the DOI on a line with the comment `release-actions: doi`.",
    next: "Put one of the two marks into the file on the default branch, or take the file out of `zenodo.write-to`.",
  },
  RA6013: {
    title: "The release branch was merged or left behind",
    means:
      "The branch of the release pull request holds commits, and its pull request is closed. Writing on would bring back what was decided already.",
    next: "Delete the branch, or open its pull request again, then run the job again.",
  },
  RA6014: {
    title: "The tagged files do not name the reserved DOI",
    means:
      "The files of `zenodo.write-to` must have the DOI of this version before it is tagged; afterwards they could not be corrected.",
    next: "Merge the release pull request (publish-release with `step: prepare`), then release the merged commit.",
  },
} as const;
