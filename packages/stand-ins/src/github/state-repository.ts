import { execFile } from "node:child_process";
import { assign, assigneesOf } from "./assignees.ts";
import { addStatus, setCheckRun } from "./checks.ts";
import { ancestry } from "./git/commits.ts";
import { entryAt, isFolder, readTree } from "./git/trees.ts";
import {
  addComment,
  addLabels,
  deleteComment,
  editComment,
  editIssue,
  issueOf,
  openIssue,
  removeLabel,
  setIssueState,
} from "./issues.ts";
import { createMilestone, milestoneOf, setMilestone, setMilestoneState } from "./milestones.ts";
import { addReview, mergePull, openPull, pullOf } from "./pulls.ts";
import { createRelease } from "./releases.ts";
import { plainGit } from "./repositories.ts";
import { commitAt, createRef, createTag, moveRef, refMoved, writeFiles } from "./source.ts";
import type { GitHubRepository } from "./state.ts";
import { addSubIssue, removeSubIssue } from "./sub-issues.ts";
import { actorOf, findRepository, personOf, type Repository, type World } from "./world.ts";

/** A repository as the rehearsal holds it: people act through it as they would on GitHub's pages. */
export function repositoryHandle(world: World, repository: Repository): GitHubRepository {
  const by = (login: string) => actorOf(world, login);
  const familyOf = (link: { issue: number; child: number; repository?: string }) => {
    const other = findRepository(world, link.repository ?? repository.fullName);
    if (!other) throw new Error(`The GitHub stand-in has no repository ${link.repository}.`);
    const parent = { repository, issue: issueOf(repository, link.issue) };
    return [parent, { repository: other, issue: issueOf(other, link.child) }] as const;
  };
  return {
    id: repository.id,
    owner: repository.owner.login,
    name: repository.name,
    fullName: repository.fullName,
    defaultBranch: repository.defaultBranch,
    private: repository.private,
    directory: repository.directory,

    git: (args, input) =>
      new Promise((resolve, reject) => {
        const child = execFile(
          "git",
          ["--git-dir", repository.directory, ...args],
          {
            env: { ...process.env, ...plainGit },
            encoding: "buffer",
            maxBuffer: 1024 * 1024 * 1024,
          },
          (error, stdout, stderr) =>
            error ? reject(new Error(`git ${args[0]}: ${stderr.toString()}`)) : resolve(stdout),
        );
        // Git may be done before it has read its input.
        child.stdin?.on("error", () => undefined);
        child.stdin?.end(input ?? "");
      }),

    commit: (wanted) => {
      const ref = `refs/heads/${wanted.branch}`;
      const before = repository.refs.read(ref);
      const login = typeof wanted.author === "string" ? wanted.author : undefined;
      const author = login
        ? personOf(world, by(login).login)
        : (wanted.author as { name: string; email: string });
      const sha = writeFiles(world, repository, {
        ...wanted,
        parents: wanted.parents ?? (before ? [before] : []),
        author: { name: author.name, email: author.email },
      });
      repository.refs.write(ref, sha);
      const pusher = by(login ?? repository.owner.login);
      refMoved(world, repository, pusher, ref, before, sha);
      return sha;
    },
    createBranch: (name, sha, login) =>
      createRef(world, repository, by(login), `refs/heads/${name}`, sha),
    createTag: (name, sha, login, message) =>
      createTag(world, repository, by(login), {
        name,
        sha,
        ...(message !== undefined && { message }),
      }),
    markVerified: (sha) => void repository.verified.add(sha),
    deleteRef: (ref, login) => moveRef(world, repository, by(login), ref, undefined),
    ref: (name) => repository.refs.read(name),
    refs: (prefix) => repository.refs.list(prefix),
    file: (path, at = repository.defaultBranch) => {
      const commit = commitAt(repository, at);
      const entry = commit ? entryAt(repository.objects, commit.tree, path) : undefined;
      const object = entry ? repository.objects.read(entry.sha) : undefined;
      return object?.type === "blob" ? object.content.toString("utf8") : undefined;
    },
    filesIn: (folder, at = repository.defaultBranch) => {
      const commit = commitAt(repository, at);
      const entry = commit ? entryAt(repository.objects, commit.tree, folder) : undefined;
      if (!entry || !isFolder(entry)) return [];
      return readTree(repository.objects, entry.sha)
        .filter((one) => !isFolder(one))
        .map(({ name }) => (folder === "" ? name : `${folder}/${name}`));
    },
    log: (at = repository.defaultBranch) => {
      const commit = commitAt(repository, at);
      return commit ? ancestry(repository.objects, commit.sha).map((one) => one.sha) : [];
    },

    addCollaborator: (login, access) => {
      repository.access.set(by(login).login.toLowerCase(), access);
    },

    openIssue: (issue) => openIssue(world, repository, by(issue.by), issue),
    comment: ({ issue, body, by: login }) =>
      addComment(world, repository, by(login), issueOf(repository, issue), body),
    editComment: ({ id, body, by: login }) =>
      void editComment(world, repository, by(login), id, body),
    deleteComment: (id, login) => deleteComment(world, repository, by(login), id),
    editIssue: ({ issue, by: login, ...edit }) =>
      editIssue(world, repository, by(login), issueOf(repository, issue), edit),
    closeIssue: (issue, login, reason) =>
      setIssueState(world, repository, by(login), issueOf(repository, issue), "closed", reason),
    closePullRequest: (pull, login) =>
      setIssueState(world, repository, by(login), pullOf(repository, pull), "closed"),
    reopenIssue: (issue, login) =>
      setIssueState(world, repository, by(login), issueOf(repository, issue), "open"),
    lockIssue: (issue, login) => {
      by(login);
      issueOf(repository, issue).locked = true;
    },
    addLabel: (issue, label, login) =>
      addLabels(world, repository, by(login), issueOf(repository, issue), [label]),
    removeLabel: (issue, label, login) =>
      removeLabel(world, repository, by(login), issueOf(repository, issue), label),
    assign: ({ issue, assignees, by: login }) => {
      const assigned = issueOf(repository, issue);
      const logins = assigneesOf(world, repository, assignees, assigned);
      assign(world, repository, by(login), assigned, logins);
    },
    addSubIssue: (link) => addSubIssue(world, by(link.by), ...familyOf(link)),
    removeSubIssue: (link) => removeSubIssue(world, by(link.by), ...familyOf(link)),
    setMilestone: ({ issue, milestone, by: login }) =>
      setMilestone(world, repository, by(login), issueOf(repository, issue), milestone),
    closeMilestone: (number, login) =>
      setMilestoneState(world, repository, by(login), milestoneOf(repository, number), "closed"),
    reopenMilestone: (number, login) =>
      setMilestoneState(world, repository, by(login), milestoneOf(repository, number), "open"),
    createMilestone: (milestone) => createMilestone(world, repository, by(milestone.by), milestone),

    openPullRequest: (pull) =>
      openPull(world, repository, by(pull.by), {
        ...pull,
        base: pull.base ?? repository.defaultBranch,
      }),
    review: (review) =>
      addReview(world, repository, by(review.by), pullOf(repository, review.pull), review),
    mergePullRequest: (merge) => {
      const issue = pullOf(repository, merge.pull);
      issue.pull.closes.push(...(merge.closes ?? []));
      return mergePull(world, repository, by(merge.by), issue, {
        method: merge.method ?? "squash",
      });
    },

    setCheckRun: (check) =>
      setCheckRun(
        world,
        repository,
        { login: "github-actions[bot]", startsWorkflows: false },
        check,
      ),
    setStatus: (status) => addStatus(world, repository, by(status.by), status),
    setEnvironment: (environment) => {
      const at = repository.environments.findIndex((one) => one.name === environment.name);
      if (at < 0) repository.environments.push(environment);
      else repository.environments[at] = environment;
    },
    createRelease: (release) => createRelease(world, repository, by(release.by), release),

    get actionsMayPropose() {
      return repository.actionsMayPropose;
    },
    set actionsMayPropose(may) {
      repository.actionsMayPropose = may;
    },
    get issues() {
      return repository.issues;
    },
    get labels() {
      return repository.labels;
    },
    get environments() {
      return repository.environments;
    },
    get milestones() {
      return repository.milestones;
    },
    get releases() {
      return repository.releases;
    },
    get deployments() {
      return repository.deployments;
    },
    get checkRuns() {
      return repository.checkRuns;
    },
    get statuses() {
      return repository.statuses;
    },
    get comments() {
      return repository.issues.flatMap((issue) => issue.comments).sort((a, b) => a.id - b.id);
    },
  };
}
