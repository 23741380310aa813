import type { GitHubRepository } from "@release-actions/stand-ins";
import type { World } from "./world.ts";

/** An issue or pull request as a person reads it. */
export type IssueText = {
  kind: "Issue" | "Pull request";
  /** `#4`, with `owner/name` before it in another repository than the pipeline's own. */
  reference: string;
  title: string;
  state: string;
  body: string;
  /** True when a bot opened it or wrote in it. */
  automatic: boolean;
  comments: { author: string; body: string }[];
};

/** A mail or a message in a channel. */
export type MessageText = { at: Date; to: string; title: string; text: string };

/** Every issue and pull request of a repository, those apart that the `merge` acts merged. */
export function issuesOf(world: World, repository: GitHubRepository): IssueText[] {
  const isBot = (login: string): boolean => login.endsWith("[bot]");
  const own = repository === world.repository ? "" : repository.fullName;
  return repository.issues
    .filter((issue) => issue.pull === undefined || isBot(issue.author))
    .map(({ number, title, body, state, author, comments, pull }) => ({
      kind: pull ? "Pull request" : "Issue",
      reference: `${own}#${number}`,
      title,
      state: pull?.mergedAt ? "merged" : state,
      body,
      automatic: isBot(author) || comments.some((comment) => isBot(comment.author)),
      comments: comments.map((comment) => ({ author: comment.author, body: comment.body })),
    }));
}

export function messagesOf(world: World): MessageText[] {
  const mails = world
    .mails()
    .map(({ at, to, subject, text }) => ({ at, to: to.join(", "), title: subject, text }));
  const posts = world.posts().map(({ at, hook, payload }) => ({
    at,
    to: `chat ${hook}`,
    title: "",
    text: JSON.stringify(payload, null, 2),
  }));
  return [...mails, ...posts].toSorted((a, b) => a.at.getTime() - b.at.getTime());
}
