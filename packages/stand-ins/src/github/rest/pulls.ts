import { differences, emptyTree, withMoves } from "../git/trees.ts";
import { compareCommits, readCommit } from "../git/commits.ts";
import { presentCommit, presentDifference } from "../present/git.ts";
import { linesOf } from "../present/lines.ts";
import { presentPull, presentReview, presentSimplePull } from "../present/pulls.ts";
import { addReview, editPull, mergePull, openPull, pullOf } from "../pulls.ts";
import { Refused } from "../world.ts";
import { flagIn, textIn } from "./fields.ts";
import { page } from "./page.ts";
import { noContent, ok, route, type RepositoryCall, type Route } from "./route.ts";

const wanted = ({ repository, path }: RepositoryCall) =>
  pullOf(repository, Number(path["pull_number"]));

export const pullRoutes: Route[] = [
  route("GET /pulls", "pull-requests=read", (call) => {
    const { world, repository, query, links } = call;
    const state = query.get("state") ?? "open";
    const [head, base] = [query.get("head"), query.get("base")];
    const ascending = query.get("direction") === "asc";
    const pulls = repository.issues
      .filter((issue) => issue.pull && (state === "all" || issue.state === state))
      .filter(
        ({ pull }) =>
          // GitHub looks at `owner:branch` only, and leaves the filter out when it is just a branch.
          (!head?.includes(":") ||
            head.toLowerCase() === `${repository.owner.login}:${pull?.head}`.toLowerCase()) &&
          (!base || pull?.base === base),
      )
      .sort((a, b) => (ascending ? a.id - b.id : b.id - a.id));
    return page(call, pulls, (issue) => presentSimplePull(world, repository, issue, links));
  }),
  route("POST /pulls", "pull-requests=write", ({ world, repository, actor, body, links }) => {
    const issue = openPull(world, repository, actor, {
      title: textIn(body, "title") ?? "",
      head: textIn(body, "head") ?? "",
      base: textIn(body, "base") ?? "",
      body: textIn(body, "body") ?? "",
      draft: flagIn(body, "draft") ?? false,
    });
    return ok(presentPull(world, repository, issue, links), 201);
  }),
  route("GET /pulls/{pull_number}", "pull-requests=read", (call) =>
    ok(presentPull(call.world, call.repository, wanted(call), call.links)),
  ),
  route("PATCH /pulls/{pull_number}", "pull-requests=write", (call) => {
    const { world, repository, actor, body, links } = call;
    const issue = wanted(call);
    const [title, text, state, base] = ["title", "body", "state", "base"].map((name) =>
      textIn(body, name),
    );
    editPull(world, repository, actor, issue, {
      ...(title !== undefined && { title }),
      ...(text !== undefined && { body: text }),
      ...(base !== undefined && { base }),
      ...(state && { state: state === "closed" ? "closed" : "open" }),
    });
    return ok(presentPull(world, repository, issue, links));
  }),
  route("GET /pulls/{pull_number}/commits", "pull-requests=read", (call) => {
    const { world, repository, links } = call;
    // GitHub lists at most 250.
    const commits = wanted(call)
      .pull.commits.slice(0, 250)
      .map((sha) => readCommit(repository.objects, sha));
    return page(
      call,
      commits,
      (commit) => commit && presentCommit(world, repository, commit, links),
    );
  }),
  route("GET /pulls/{pull_number}/files", "pull-requests=read", (call) => {
    const { repository, links } = call;
    const { objects } = repository;
    const { pull } = wanted(call);
    const fork = compareCommits(objects, pull.baseSha, pull.headSha).mergeBase;
    const before = fork ? readCommit(objects, fork)?.tree : undefined;
    const after = readCommit(objects, pull.headSha)?.tree;
    const files = withMoves(differences(objects, before ?? emptyTree, after ?? emptyTree));
    return page(call, files, (file) =>
      presentDifference(repository, file, linesOf(repository, file), pull.headSha, links),
    );
  }),
  route("GET /pulls/{pull_number}/merge", "pull-requests=read", (call) => {
    if (!wanted(call).pull.mergedAt) throw new Refused(404, "Not Found");
    return noContent;
  }),
  route("PUT /pulls/{pull_number}/merge", "contents=write", (call) => {
    const { world, repository, actor, body } = call;
    const [title, message, expected] = [
      textIn(body, "commit_title"),
      textIn(body, "commit_message"),
      textIn(body, "sha"),
    ];
    const method = textIn(body, "merge_method");
    const sha = mergePull(world, repository, actor, wanted(call), {
      method: method === "squash" || method === "rebase" ? method : "merge",
      ...(title !== undefined && { title }),
      ...(message !== undefined && { message }),
      ...(expected !== undefined && { expected }),
    });
    return ok({ sha, merged: true, message: "Pull Request successfully merged" });
  }),
  route("GET /pulls/{pull_number}/reviews", "pull-requests=read", (call) => {
    const { world, repository, links } = call;
    const issue = wanted(call);
    return page(call, issue.pull.reviews, (review) =>
      presentReview(world, repository, issue, review, links),
    );
  }),
  route("POST /pulls/{pull_number}/reviews", "pull-requests=write", (call) => {
    const { world, repository, actor, body, links } = call;
    const issue = wanted(call);
    const event = textIn(body, "event");
    const state =
      event === "APPROVE"
        ? "APPROVED"
        : event === "REQUEST_CHANGES"
          ? "CHANGES_REQUESTED"
          : "COMMENTED";
    const [text, commit] = [textIn(body, "body"), textIn(body, "commit_id")];
    const review = addReview(world, repository, actor, issue, {
      state,
      ...(text !== undefined && { body: text }),
      ...(commit !== undefined && { commit }),
    });
    return ok(presentReview(world, repository, issue, review, links));
  }),
];
