import { iso } from "../present/links.ts";
import { latestRelease } from "../releases.ts";
import { readCommit, peel, readTag } from "../git/commits.ts";
import type { Ref } from "../git/refs.ts";
import { accessOf } from "../world.ts";
import { connection, ordered, type Connection, type Paging } from "./connection.ts";
import { deploymentList } from "./deployments.ts";
import {
  issueList,
  issueShape,
  labelList,
  labelShape,
  milestoneShape,
  type IssueArguments,
} from "./issues.ts";
import { pullShape } from "./pulls.ts";
import { releaseByTag, releaseList, releaseShape } from "./releases.ts";
import { failure, mustRead, personShape, type Scope, type Shape } from "./scope.ts";
import { objectAt, objectShape, refShape } from "./source.ts";

type Order = { field: string; direction: "ASC" | "DESC" };
type RefArguments = Paging & {
  refPrefix: string;
  query?: string | null;
  orderBy?: Order | null;
  direction?: Order["direction"] | null;
};

export function repositoryShape(scope: Scope): Shape {
  const { repository, session, links } = scope;
  const thread = (number: number, pull: boolean | undefined, type: string) => {
    mustRead(
      scope,
      ...(pull === undefined
        ? (["issues", "pull-requests"] as const)
        : pull
          ? (["pull-requests"] as const)
          : (["issues"] as const)),
    );
    const issue = repository.issues.find(
      (one) => one.number === number && (pull === undefined || (one.pull !== undefined) === pull),
    );
    if (!issue)
      throw failure("NOT_FOUND", `Could not resolve to ${type} with the number of ${number}.`);
    return issue.pull ? pullShape(scope, issue) : issueShape(scope, issue);
  };
  return {
    __typename: "Repository",
    id: repository.nodeId,
    databaseId: repository.id,
    name: repository.name,
    nameWithOwner: repository.fullName,
    owner: () => personShape(scope, repository.owner.login),
    url: `${links.html}/${repository.fullName}`,
    isPrivate: repository.private,
    createdAt: iso(repository.createdAt),
    pushedAt: iso(repository.pushedAt),
    viewerPermission: () =>
      session.token?.kind === "user"
        ? (accessOf(repository, session.token.actor)?.toUpperCase() ?? null)
        : null,
    defaultBranchRef: () => {
      mustRead(scope, "contents");
      return refShape(scope, `refs/heads/${repository.defaultBranch}`);
    },
    ref: ({ qualifiedName }: { qualifiedName: string }) => {
      mustRead(scope, "contents");
      const names = [
        qualifiedName,
        `refs/heads/${qualifiedName}`,
        `refs/tags/${qualifiedName}`,
        `refs/${qualifiedName}`,
      ];
      const name = names.find((one) => repository.refs.read(one));
      return name ? refShape(scope, name) : null;
    },
    refs: (args: RefArguments) => refList(scope, args),
    object: ({ oid, expression }: { oid?: string | null; expression?: string | null }) => {
      mustRead(scope, "contents");
      if (oid) return objectShape(scope, oid);
      if (!expression)
        throw failure("ARGUMENT_ERROR", "One of `oid` or `expression` must be given.");
      return objectAt(scope, expression);
    },
    issue: ({ number }: { number: number }) => thread(number, false, "an Issue"),
    pullRequest: ({ number }: { number: number }) => thread(number, true, "a PullRequest"),
    issueOrPullRequest: ({ number }: { number: number }) =>
      thread(number, undefined, "an issue or pull request"),
    issues: (args: IssueArguments) => {
      mustRead(scope, "issues");
      return issueList(
        scope,
        "issues",
        args,
        repository.issues.filter((issue) => !issue.pull),
      );
    },
    pullRequests: (
      args: IssueArguments & { baseRefName?: string | null; headRefName?: string | null },
    ) => {
      mustRead(scope, "pull-requests");
      const pulls = repository.issues.filter(
        ({ pull }) =>
          pull &&
          (!args.baseRefName || pull.base === args.baseRefName) &&
          (!args.headRefName || pull.head === args.headRefName),
      );
      return issueList(scope, "pullRequests", args, pulls);
    },
    release: ({ tagName }: { tagName: string }) => releaseByTag(scope, tagName),
    releases: (args: Paging & { orderBy?: Order | null }) => releaseList(scope, args),
    latestRelease: () => {
      mustRead(scope, "contents");
      const release = latestRelease(repository);
      return release ? releaseShape(scope, release) : null;
    },
    milestone: ({ number }: { number: number }) => {
      const milestone = repository.milestones.find((one) => one.number === number);
      return milestone ? milestoneShape(scope, milestone) : null;
    },
    milestones: (
      args: Paging & { states?: string[] | null; query?: string | null; orderBy?: Order | null },
    ) => {
      mustRead(scope, "issues", "pull-requests");
      const wanted = repository.milestones.filter(
        (one) =>
          (!args.states || args.states.includes(one.state.toUpperCase())) &&
          (!args.query || one.title.toLowerCase().includes(args.query.toLowerCase())),
      );
      const sorted = ordered(wanted, args.orderBy, {
        NUMBER: (one) => one.number,
        CREATED_AT: (one) => one.id,
        UPDATED_AT: (one) => one.updatedAt.getTime(),
        DUE_DATE: (one) => one.dueOn?.getTime() ?? 0,
      });
      return connection("milestones", args, sorted, (milestone) =>
        milestoneShape(scope, milestone),
      );
    },
    label: ({ name }: { name: string }) => {
      mustRead(scope, "issues", "pull-requests");
      const label = repository.labels.find((one) => one.name.toLowerCase() === name.toLowerCase());
      return label ? labelShape(label) : null;
    },
    labels: (paging: Paging) => labelList(scope, paging, repository.labels),
    deployments: (args: Paging & { environments?: string[] | null; orderBy?: Order | null }) =>
      deploymentList(scope, args, repository.deployments),
  };
}

function refList(scope: Scope, args: RefArguments): Connection<Shape | null> {
  mustRead(scope, "contents");
  const { refs, objects } = scope.repository;
  const prefix = args.refPrefix.endsWith("/") ? args.refPrefix : `${args.refPrefix}/`;
  const query = args.query?.toLowerCase();
  const wanted = refs
    .list(prefix)
    .filter((ref) => !query || ref.name.slice(prefix.length).toLowerCase().includes(query));
  const dateOf = (ref: Ref) => {
    const commit = peel(objects, ref.sha);
    const date =
      readTag(objects, ref.sha)?.tagger.date ??
      (commit ? readCommit(objects, commit)?.committer.date : undefined);
    return date?.getTime() ?? 0;
  };
  const order =
    args.orderBy ??
    (args.direction ? { field: "ALPHABETICAL", direction: args.direction } : undefined);
  const sorted = ordered(wanted, order, {
    ALPHABETICAL: (ref) => ref.name,
    TAG_COMMIT_DATE: dateOf,
  });
  return connection("refs", args, sorted, (ref) => refShape(scope, ref.name));
}
