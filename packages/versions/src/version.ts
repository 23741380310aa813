/** What changed between two releases; `none` for the same version. */
export type Kind = "major" | "minor" | "patch" | "prerelease";

/** A version read from a tag. */
export type Version = {
  /** Without prefix and `v`: the word people use for the release. */
  text: string;
  /** The whole tag, as it is in git. */
  tag: string;
  prerelease: boolean;
};

/** A way of writing and ordering versions. All functions are pure. */
export type Scheme = {
  name: string;
  /** A tag that would be right, for messages. */
  example: string;
  /** The version of a tag, or why it is none, one sentence. */
  parse(tag: string): Version | { wrong: string };
  /** Negative when `a` is older than `b`. Both come from `parse` of this scheme. */
  compare(a: Version, b: Version): number;
  kind(previous: Version | undefined, next: Version): Kind;
};
