import { Fault } from "@release-actions/codes";
import { dispatchInputs } from "../workflow/index.ts";
import { build } from "./builds.ts";
import type { Act } from "./language.ts";
import { fill, milliseconds } from "./placeholders.ts";
import { requestOf } from "./outgoing.ts";
import type { World } from "./world.ts";

/** What an act left behind under its name. */
export type Trace = {
  /** Of a commit, merge, branch or tag. */
  sha?: string;
  /** Of an issue or merged pull request. */
  number?: number;
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
  await world.runs.settled();
}

async function doIt(world: World, act: Act, trace: Trace): Promise<void> {
  const { repository } = world;
  const by = act.by ?? "";
  const filled = (text: string): string => fill(text, (kind, name) => world.meaning(kind, name));
  const changes = (
    from: readonly string[],
    files: Record<string, string>,
  ): Record<string, string | Buffer> => ({
    ...world.pipeline.filesAt(from),
    ...Object.fromEntries(Object.entries(files).map(([path, text]) => [path, filled(text)])),
  });

  if (act.commit) {
    trace.sha = repository.commit({
      branch: act.commit.branch ?? repository.defaultBranch,
      message: filled(act.commit.message),
      author: by,
      files: changes(act.commit.from, act.commit.files),
    });
  } else if (act.merge) {
    Object.assign(trace, merge(world, act.merge, by, changes(act.merge.from, act.merge.files)));
  } else if (act.branch) {
    trace.sha = world.shaOf(act.branch.at);
    repository.createBranch(act.branch.name, trace.sha, by);
  } else if (act.milestone) {
    repository.createMilestone({ title: act.milestone.title, by });
  } else if (act.issue) {
    const { title, body, labels, milestone } = act.issue;
    const number = milestone === undefined ? undefined : milestoneNumber(world, milestone);
    trace.number = repository.openIssue({
      title: filled(title),
      body: filled(body),
      labels,
      by,
      ...(number === undefined ? {} : { milestone: number }),
    }).number;
  } else if (act["close-issue"]) {
    repository.closeIssue(world.numberOf(act["close-issue"].of), by);
  } else if (act.build) {
    const commit = world.shaOf(act.build.of);
    const made = await build(world.pipeline, world.registryOf, {
      name: act.as ?? act.build.version,
      commit,
      version: act.build.version,
      variant: act.build.variant,
      components: act.build.components ?? Object.keys(world.pipeline.file.components),
      created: new Date(world.pipeline.file.start),
    });
    world.builds.set(made.name, made);
    for (const [name, state] of Object.entries(act.build.checks)) {
      repository.setCheckRun({
        sha: commit,
        name,
        ...(state === "pending"
          ? { status: "in_progress" }
          : { status: "completed", conclusion: state }),
      });
    }
  } else if (act.tag) {
    trace.sha = world.shaOf(act.tag.at);
    repository.createTag(act.tag.name, trace.sha, by, act.tag.message);
  } else if (act.comment) {
    trace.comment = repository.comment({
      issue: world.numberOf(act.comment.on),
      body: filled(act.comment.body),
      by,
    }).id;
  } else if (act["edit-comment"]) {
    repository.editComment({
      id: world.commentOf(act["edit-comment"].of),
      body: filled(act["edit-comment"].body),
      by,
    });
  } else if (act.dispatch) {
    await dispatch(world, act.dispatch, by, filled);
  } else if (act["re-run"]) {
    const { of, workflow } = act["re-run"];
    world.runs.again(world.runOf(of, workflow), by, act.as);
  } else if (act.advance !== undefined) {
    world.clock.advance(milliseconds(act.advance));
  } else if (act.fault) {
    const { at, method, path, when, does } = act.fault;
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

/** A pull request with its own branch, reviewed where the act says so, and merged with a merge commit. */
function merge(
  world: World,
  merge: NonNullable<Act["merge"]>,
  by: string,
  files: Record<string, string | Buffer>,
): { sha: string; number: number } {
  const { repository } = world;
  const base = repository.ref(`refs/heads/${repository.defaultBranch}`);
  const branch = merge.branch ?? merge.title.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-");
  repository.createBranch(branch, base ?? "", by);
  repository.commit({ branch, message: merge.title, author: by, files });
  const closes = merge.closes.map((name) => world.numberOf(name));
  const milestone =
    merge.milestone === undefined ? undefined : milestoneNumber(world, merge.milestone);
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

function milestoneNumber(world: World, title: string): number {
  const found = world.repository.milestones.find((one) => one.title === title);
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
    url: `https://api.github.com/repos/${repository.fullName}/actions/workflows/${encodeURIComponent(dispatch.workflow)}/dispatches`,
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

/** One line for the timeline. */
function describe(act: Act, world: World): string {
  const short = (name: string): string => {
    const sha = world.traces.get(name)?.sha;
    return sha ? `${name} (${sha.slice(0, 7)})` : name;
  };
  if (act.commit) return `commits "${act.commit.message}"`;
  if (act.merge) return `merges "${act.merge.title}"`;
  if (act.branch) return `makes the branch ${act.branch.name} at ${short(act.branch.at)}`;
  if (act.milestone) return `makes the milestone ${act.milestone.title}`;
  if (act.issue) return `opens the issue "${act.issue.title}"`;
  if (act["close-issue"]) return `closes the issue ${act["close-issue"].of}`;
  if (act.build)
    return `builds ${act.build.version} of ${short(act.build.of)}${act.build.variant === "good" ? "" : `, which ${act.build.variant}`}`;
  if (act.tag) return `tags ${act.tag.name} at ${short(act.tag.at)}`;
  if (act.comment) return `comments "${act.comment.body}" on ${act.comment.on}`;
  if (act["edit-comment"])
    return `edits the comment ${act["edit-comment"].of} to "${act["edit-comment"].body}"`;
  if (act.dispatch) {
    const inputs = Object.entries(act.dispatch.inputs).map(([name, value]) => `${name}=${value}`);
    return `starts ${act.dispatch.workflow}${inputs.length > 0 ? ` with ${inputs.join(", ")}` : ""}`;
  }
  if (act["re-run"]) return `runs ${act["re-run"].of} again`;
  if (act.advance !== undefined) return `${act.advance} go by`;
  if (act.fault)
    return `a fault waits at ${act.fault.at} for ${act.fault.method ?? "any request"} ${act.fault.path}`;
  return "";
}
