import { Fault } from "@release-actions/codes";
import type { FileChanges, GitHubRepository } from "@release-actions/stand-ins";
import { dispatchInputs } from "../workflow/index.ts";
import { build } from "./builds.ts";
import type { Act } from "./language.ts";
import { fill, milliseconds } from "./placeholders.ts";
import { smtpFault } from "./messengers.ts";
import { subjectOf, withTick } from "./subjects.ts";
import { requestOf } from "./outgoing.ts";
import type { World } from "./world.ts";

/** What an act left behind under its name. */
export type Trace = {
  /** Of a commit, merge, branch or tag. */
  sha?: string;
  /** Of an issue or merged pull request. */
  number?: number;
  /** Where it was left; absent = the pipeline's own. */
  repository?: string;
  /** Of a comment. */
  comment?: number;
  /** How many requests each stand-in had seen when the act began. */
  before: Record<string, number>;
};

/**
 * Does one act in the rehearsed world and waits until every run that it started has ended. History starts none and
 * is not told.
 * @throws Fault RA9022 when the world refuses it.
 */
export async function perform(world: World, act: Act, when: "history" | "now"): Promise<void> {
  for (const one of act["at-once"] ?? [act]) await begin(world, one, when);
  await world.runs.settled();
}

/** Does an act and does not wait for what it starts. */
async function begin(world: World, act: Act, when: "history" | "now"): Promise<void> {
  const trace: Trace = { before: world.marks() };
  if (act.as !== undefined) world.traces.set(act.as, trace);
  world.runs.listen(when === "now", act.as);
  if (when === "now") {
    world.tell({
      at: world.clock.now(),
      kind: "act",
      who: act.by ?? "ci",
      what: describe(act, world),
    });
  }
  try {
    await doIt(world, act, trace);
  } catch (cause) {
    if (cause instanceof Fault) throw cause;
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new Fault("RA9022", { saw: `${act.by ?? "ci"}: ${describe(act, world)}: ${why}`, cause });
  }
}

async function doIt(world: World, act: Act, trace: Trace): Promise<void> {
  const by = act.by ?? "";
  const filled = (text: string): string => fill(text, (kind, name) => world.meaning(kind, name));
  const changes = (from: readonly string[], files: Record<string, string>): FileChanges => ({
    ...Object.fromEntries(
      Object.entries(world.pipeline.filesAt(from)).map(([path, content]) => [
        path,
        world.pipeline.isExecutable(path) ? { executable: content } : content,
      ]),
    ),
    ...Object.fromEntries(Object.entries(files).map(([path, text]) => [path, filled(text)])),
  });
  /** The repository of the act, kept in its trace. */
  const within = (name: string | undefined): GitHubRepository => {
    const repository = world.repositoryOf(name);
    trace.repository = repository.fullName;
    return repository;
  };
  const subject = (
    one: { of?: string | undefined; on?: string | undefined; titled?: string | undefined },
    kind: "issue" | "pull" = "issue",
  ): { repository: GitHubRepository; number: number; body: string } => {
    const named =
      one.titled === undefined ? { of: one.of ?? one.on } : { titled: filled(one.titled) };
    const { repository, issue } = subjectOf(world, named, kind);
    Object.assign(trace, { repository: repository.fullName, number: issue.number });
    return { repository, number: issue.number, body: issue.body };
  };

  if (act.commit) {
    const repository = within(act.commit.repository);
    const branch = act.commit.branch ?? repository.defaultBranch;
    const files = changes(act.commit.from, act.commit.files);
    for (const [path, edits] of Object.entries(act.commit.edits ?? {}))
      files[path] = edited(path, repository.file(path, branch), edits);
    trace.sha = repository.commit({
      branch,
      message: filled(act.commit.message),
      author: by,
      files,
    });
  } else if (act.merge) {
    const repository = within(act.merge.repository);
    const files = changes(act.merge.from, act.merge.files);
    Object.assign(trace, merge(world, repository, act.merge, by, files));
  } else if (act.branch) {
    const { at, name, repository = world.traces.get(at)?.repository } = act.branch;
    trace.sha = world.shaOf(at);
    within(repository).createBranch(name, trace.sha, by);
  } else if (act.milestone) {
    within(act.milestone.repository).createMilestone({ title: act.milestone.title, by });
  } else if (act.issue) {
    const { title, body, labels, milestone } = act.issue;
    const repository = within(act.issue.repository);
    const number = milestone === undefined ? undefined : milestoneNumber(repository, milestone);
    trace.number = repository.openIssue({
      title: filled(title),
      body: filled(body),
      labels,
      by,
      ...(number === undefined ? {} : { milestone: number }),
    }).number;
  } else if (act["close-issue"]) {
    const { repository, number } = subject(act["close-issue"]);
    repository.closeIssue(number, by);
  } else if (act["reopen-issue"]) {
    const { repository, number } = subject(act["reopen-issue"]);
    repository.reopenIssue(number, by);
  } else if (act["edit-issue"]) {
    const { title, body } = act["edit-issue"];
    const { repository, number } = subject(act["edit-issue"]);
    repository.editIssue({
      issue: number,
      by,
      ...(title === undefined ? {} : { title: filled(title) }),
      ...(body === undefined ? {} : { body: filled(body) }),
    });
  } else if (act.tick ?? act.untick) {
    const { item, ...where } = act.tick ?? act.untick ?? { item: "" };
    const { repository, number, body } = subject(where);
    const edited = withTick(body, filled(item), act.tick !== undefined);
    repository.editIssue({ issue: number, body: edited, by });
  } else if (act["merge-pull"]) {
    const { repository, number } = subject(act["merge-pull"], "pull");
    trace.sha = repository.mergePullRequest({ pull: number, by });
  } else if (act.build) {
    const named = [act.build.of].flat();
    const made = await build(world.pipeline, world.registryOf, {
      name: act.as ?? act.build.version,
      source: (component) => sourceOf(world, component, named),
      version: act.build.version,
      variant: act.build.variant,
      server: world.github.links.html,
      components: act.build.components ?? Object.keys(world.pipeline.file.components),
      created: new Date(world.pipeline.file.start),
    });
    world.builds.set(made.name, made);
    for (const one of named) {
      const repository = world.repositoryOf(world.traces.get(one)?.repository);
      for (const [name, state] of Object.entries(act.build.checks)) {
        repository.setCheckRun({
          sha: world.shaOf(one),
          name,
          ...(state === "pending"
            ? { status: "in_progress" }
            : { status: "completed", conclusion: state }),
        });
      }
    }
  } else if (act.tag) {
    const { at, name, message, repository = world.traces.get(at)?.repository } = act.tag;
    trace.sha = world.shaOf(at);
    within(repository).createTag(name, trace.sha, by, message);
  } else if (act.comment) {
    const { repository, number } = subject(act.comment);
    trace.comment = repository.comment({ issue: number, body: filled(act.comment.body), by }).id;
  } else if (act["edit-comment"]) {
    const { of } = act["edit-comment"];
    world.repositoryOf(world.traces.get(of)?.repository).editComment({
      id: world.commentOf(of),
      body: filled(act["edit-comment"].body),
      by,
    });
  } else if (act.dispatch) {
    await dispatch(world, act.dispatch, by, filled);
  } else if (act["re-run"]) {
    const { of, workflow } = act["re-run"];
    world.runs.again(world.runOf(of, workflow), by, act.as);
  } else if (act["review-environment"]) {
    const { of, workflow, environment, state, comment } = act["review-environment"];
    world.runs.review(world.runOf(of, workflow), {
      environment,
      state,
      comment: filled(comment),
      by,
    });
  } else if (act.apply) {
    world.applyTo(act.apply.cluster, act.apply.from);
  } else if (act.advance !== undefined) {
    world.clock.advance(milliseconds(act.advance));
  } else if (act.fault) {
    const { at, method, path, when, does } = act.fault;
    if (at === "smtp") {
      if (!world.mailFaults) throw new Error("there is no mail server");
      const effect = does === "kill" ? (): "gone" => world.runs.kill() : does;
      world.mailFaults.push(smtpFault({ path: filled(path), when, does: effect }));
      return;
    }
    const pattern = new RegExp(path);
    world.standIn(at).faults.push({
      matches: (request) =>
        (method === undefined || request.method === method) && pattern.test(request.path),
      when,
      does:
        typeof does === "number"
          ? { status: does }
          : does === "kill"
            ? () => world.runs.kill()
            : does,
    });
  }
}

/** The file's text with each old text replaced; one that is not there exactly once is an error. */
function edited(path: string, before: string | undefined, edits: Record<string, string>): string {
  return Object.entries(edits).reduce((text, [old, wanted]) => {
    const parts = text.split(old);
    if (parts.length !== 2)
      throw new Error(`${path} has ${JSON.stringify(old)} ${parts.length - 1} times, not once`);
    return parts.join(wanted);
  }, before ?? "");
}

/** A pull request with its own branch, reviewed where the act says so, and merged with a merge commit. */
function merge(
  world: World,
  repository: GitHubRepository,
  merge: NonNullable<Act["merge"]>,
  by: string,
  files: FileChanges,
): { sha: string; number: number } {
  const base = repository.ref(`refs/heads/${repository.defaultBranch}`);
  const branch = merge.branch ?? merge.title.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-");
  repository.createBranch(branch, base ?? "", by);
  repository.commit({ branch, message: merge.title, author: by, files });
  const closes = merge.closes.map((name) => world.numberOf(name));
  const milestone =
    merge.milestone === undefined ? undefined : milestoneNumber(repository, merge.milestone);
  const pull = repository.openPullRequest({
    title: merge.title,
    head: branch,
    by,
    body: merge.body,
    labels: merge.labels,
    closes,
    ...(milestone === undefined ? {} : { milestone }),
  });
  if (merge["reviewed-by"] !== undefined) {
    repository.review({ pull: pull.number, by: merge["reviewed-by"], state: "APPROVED" });
  }
  return {
    sha: repository.mergePullRequest({ pull: pull.number, by, closes }),
    number: pull.number,
  };
}

/** The commit that a component is built from: of the named acts the one in its repository, else that repository's default branch. */
function sourceOf(
  world: World,
  component: string,
  named: readonly string[],
): { commit: string; repository: string; built: boolean } {
  const repository = world.repositoryOf(world.pipeline.file.components[component]?.repository);
  const own = named.find(
    (act) => world.repositoryOf(world.traces.get(act)?.repository) === repository,
  );
  const commit =
    own === undefined ? repository.ref(`refs/heads/${repository.defaultBranch}`) : world.shaOf(own);
  if (commit === undefined) throw new Error(`${repository.fullName} has no commit yet`);
  return { commit, repository: repository.fullName, built: own === undefined };
}

function milestoneNumber(repository: GitHubRepository, title: string): number {
  const found = repository.milestones.find((one) => one.title === title);
  if (!found) throw new Error(`there is no milestone ${title}`);
  return found.number;
}

/** Starts a workflow by the API, as the button on GitHub does: with the person's own token. */
async function dispatch(
  world: World,
  dispatch: NonNullable<Act["dispatch"]>,
  by: string,
  filled: (text: string) => string,
): Promise<void> {
  const { repository } = world;
  const ref = dispatch.ref ?? repository.defaultBranch;
  const inputs = Object.fromEntries(
    Object.entries(dispatch.inputs).map(([name, value]) => [name, filled(value)]),
  );
  const text = repository.file(`.github/workflows/${dispatch.workflow}`, ref);
  if (text === undefined) throw new Error(`there is no workflow ${dispatch.workflow} on ${ref}`);
  const checked = dispatchInputs(text, inputs);
  if ("refused" in checked) throw new Error(checked.refused);
  const answer = await requestOf(world, {
    method: "POST",
    url: `${world.github.links.api}/repos/${repository.fullName}/actions/workflows/${encodeURIComponent(dispatch.workflow)}/dispatches`,
    headers: {
      authorization: `Bearer ${world.personalToken(by)}`,
      "content-type": "application/json",
      "user-agent": "rehearsal",
    },
    body: JSON.stringify({ ref, inputs }),
  });
  if (answer.status >= 300)
    throw new Error(`GitHub answered ${answer.status}: ${answer.body.toString("utf8")}`);
}

const called = (one: {
  of?: string | undefined;
  on?: string | undefined;
  titled?: string | undefined;
}): string => one.of ?? one.on ?? `"${one.titled ?? ""}"`;

/** One line for the timeline. */
function describe(act: Act, world: World): string {
  const short = (name: string): string => {
    const sha = world.traces.get(name)?.sha;
    return sha ? `${name} (${sha.slice(0, 7)})` : name;
  };
  if (act.commit) return `commits "${act.commit.message}"`;
  if (act.merge) return `merges "${act.merge.title}"`;
  if (act.branch) return `makes the branch ${act.branch.name} at ${short(act.branch.at)}`;
  if (act["reopen-issue"]) return `opens the issue ${called(act["reopen-issue"])} again`;
  if (act["edit-issue"]) return `edits the issue ${called(act["edit-issue"])}`;
  if (act.tick) return `ticks "${act.tick.item}" on ${called(act.tick)}`;
  if (act.untick) return `takes the tick from "${act.untick.item}" on ${called(act.untick)}`;
  if (act["merge-pull"]) return `merges ${called(act["merge-pull"])}`;
  if (act["review-environment"]) {
    const { of, environment, state } = act["review-environment"];
    return `${state === "approved" ? "lets" : "does not let"} ${of} into ${environment}`;
  }
  if (act.milestone) return `makes the milestone ${act.milestone.title}`;
  if (act.issue) return `opens the issue "${act.issue.title}"`;
  if (act["close-issue"]) return `closes the issue ${called(act["close-issue"])}`;
  if (act.build)
    return `builds ${act.build.version} of ${[act.build.of].flat().map(short).join(" and ")}${act.build.variant === "good" ? "" : `, which ${act.build.variant}`}`;
  if (act.tag) return `tags ${act.tag.name} at ${short(act.tag.at)}`;
  if (act.comment) return `comments "${act.comment.body}" on ${called(act.comment)}`;
  if (act["edit-comment"])
    return `edits the comment ${act["edit-comment"].of} to "${act["edit-comment"].body}"`;
  if (act.dispatch) {
    const inputs = Object.entries(act.dispatch.inputs).map(([name, value]) => `${name}=${value}`);
    return `starts ${act.dispatch.workflow}${inputs.length > 0 ? ` with ${inputs.join(", ")}` : ""}`;
  }
  if (act["re-run"]) return `runs ${act["re-run"].of} again`;
  if (act.apply) return `brings ${act.apply.from.join(", ")} to ${act.apply.cluster}`;
  if (act.advance !== undefined) return `${act.advance} go by`;
  if (act.fault)
    return `a fault waits at ${act.fault.at} for ${act.fault.method ?? "any request"} ${act.fault.path}`;
  return "";
}
