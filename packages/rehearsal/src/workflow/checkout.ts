import { randomUUID } from "node:crypto";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { isAbsolute, join, relative } from "node:path";
import { environmentOf, execute, type Ended, type Prepared } from "./execution.ts";
import { annotate, say, type Frame, type Invocation } from "./session.ts";

/** Inputs that change what a checkout leaves behind and that the rehearsal does not have. */
const without: Record<string, string> = {
  lfs: "false",
  submodules: "false",
  "ssh-key": "",
  filter: "",
  "sparse-checkout": "",
};

const credentialsState = "credentials";
const directoryState = "directory";

/** What actions/checkout does, with a real git over the network of the rehearsal. */
export async function checkOut(
  frame: Frame,
  invocation: Invocation,
  inputs: Record<string, string>,
  prepared: Prepared,
): Promise<Ended> {
  const { session } = frame;
  for (const [name, only] of Object.entries(without)) {
    const value = inputs[name] ?? only;
    if (value !== only)
      throw new Error(`RA9002 actions/checkout with ${name}: ${value} cannot be rehearsed.`);
  }
  const directory = join(session.workspace, inputs["path"] ?? "");
  const inside = relative(session.workspace, directory);
  if (inside.startsWith("..") || isAbsolute(inside)) {
    throw new Error(`Repository path '${directory}' is not under '${session.workspace}'`);
  }
  const repository = inputs["repository"] ?? "";
  if (!/^[\w.-]+\/[\w.-]+$/.test(repository)) {
    throw new Error(`Invalid repository '${repository}'. Expected format {owner}/{repo}.`);
  }
  const own = repository.toLowerCase() === String(session.github["repository"]).toLowerCase();
  const asked = inputs["ref"] ?? "";
  const server = String(session.github["server_url"]);
  const token = inputs["token"] ?? "";
  session.masks.add(token);

  await rm(directory, { recursive: true, force: true });
  await mkdir(directory, { recursive: true });
  const credentials = join(session.temp, `git-credentials-${randomUUID()}.config`);
  invocation.state[directoryState] = directory;
  const git = gitIn(frame, directory, prepared);

  await git(["init", "--quiet", directory]);
  await git(["remote", "add", "origin", `${server}/${repository}`]);
  if (token !== "") {
    // In a file and not in a command line: whoever lists the processes would read it there.
    const basic = Buffer.from(`x-access-token:${token}`).toString("base64");
    session.masks.add(basic);
    await writeFile(
      credentials,
      `[http "${server}/"]\n\textraheader = AUTHORIZATION: basic ${basic}\n`,
      { mode: 0o600 },
    );
    await git(["config", "--local", "include.path", credentials]);
    invocation.state[credentialsState] = credentials;
  }
  const goal =
    own && asked === ""
      ? { ref: session.request.ref, sha: session.request.sha }
      : await goalOf(asked, git);
  const depth = Number(inputs["fetch-depth"] ?? "1");
  const fetch = (...words: string[]): Promise<string> =>
    git(["-c", "protocol.version=2", "fetch", "--quiet", "--no-recurse-submodules", ...words]);
  if (depth === 0) {
    await fetch(
      "--prune",
      "origin",
      "+refs/heads/*:refs/remotes/origin/*",
      "+refs/tags/*:refs/tags/*",
    );
  }
  const tags = inputs["fetch-tags"] === "true" ? ["--tags"] : ["--no-tags"];
  const shallow = depth > 0 ? [`--depth=${depth}`] : [];
  await fetch(...tags, ...shallow, "origin", refspec(goal));
  await git(["checkout", "--quiet", "--force", ...checkoutOf(goal)]);
  if (inputs["persist-credentials"] !== "true") await dropCredentials(invocation, git);
  const commit = (await git(["log", "-1", "--format=commit %H"])).replace(/^.*commit /s, "");
  return { result: "success", outputs: { ref: asked === "" && own ? goal.ref : asked, commit } };
}

/** The post stage: later programs of the machine must not find the token. */
export async function forgetCredentials(
  frame: Frame,
  invocation: Invocation,
  prepared: Prepared,
): Promise<Ended> {
  const directory = invocation.state[directoryState];
  if (directory !== undefined) await dropCredentials(invocation, gitIn(frame, directory, prepared));
  return { result: "success", outputs: {} };
}

type Git = (args: string[]) => Promise<string>;
type Goal = { ref: string; sha?: string };

async function dropCredentials(invocation: Invocation, git: Git): Promise<void> {
  const credentials = invocation.state[credentialsState];
  if (credentials === undefined) return;
  delete invocation.state[credentialsState];
  await rm(credentials, { force: true });
  await git(["config", "--local", "--unset-all", "include.path"]).catch(() => "");
}

function gitIn(frame: Frame, directory: string, prepared: Prepared): Git {
  const env = { ...environmentOf(frame, prepared.env), GIT_TERMINAL_PROMPT: "0" };
  return async (args) => {
    say(frame, `[command]git ${args.join(" ")}`);
    const lines: string[] = [];
    const ended = await execute(
      { ...frame, record: { ...frame.record, log: lines } },
      { file: "git", args, cwd: directory, env },
    );
    for (const line of lines) frame.record.log.push(line);
    if (ended.result === "cancelled") throw new Error("The operation was canceled.");
    if (ended.exitCode !== 0) {
      const message = `The process 'git' failed with exit code ${ended.exitCode}`;
      annotate(frame, {
        level: "error",
        message: [lines.at(-1), message].filter(Boolean).join("\n"),
      });
      throw new Error(message);
    }
    return lines.join("\n");
  };
}

/** A commit, a full ref, or a name that is a branch or else a tag; without a name the repository's default branch. */
async function goalOf(asked: string, git: Git): Promise<Goal> {
  if (/^[0-9a-f]{40}$/i.test(asked)) return { ref: "", sha: asked };
  if (asked.startsWith("refs/")) return { ref: asked };
  if (asked === "") {
    const answer = await git(["ls-remote", "--symref", "origin", "HEAD"]);
    const branch = /^ref: (\S+)\tHEAD$/m.exec(answer)?.[1];
    if (branch === undefined) throw new Error("The repository's default branch could not be found");
    return { ref: branch };
  }
  const branch = await git(["ls-remote", "--heads", "origin", `refs/heads/${asked}`]);
  if (/^[0-9a-f]{40}\t/m.test(branch)) return { ref: `refs/heads/${asked}` };
  const tag = await git(["ls-remote", "--tags", "origin", `refs/tags/${asked}`]);
  if (/^[0-9a-f]{40}\t/m.test(tag)) return { ref: `refs/tags/${asked}` };
  throw new Error(`A branch or tag with the name '${asked}' could not be found`);
}

/** A tag is fetched as itself and not as its commit, so that an annotated or signed tag stays one. */
function refspec(goal: Goal): string {
  const target = tracking(goal.ref);
  const source = goal.ref.startsWith("refs/tags/") ? goal.ref : (goal.sha ?? goal.ref);
  return target === "" ? source : `+${source}:${target}`;
}

function checkoutOf(goal: Goal): string[] {
  const target = tracking(goal.ref);
  if (target === "") return [goal.sha ?? "FETCH_HEAD"];
  return goal.ref.startsWith("refs/heads/")
    ? ["-B", goal.ref.slice("refs/heads/".length), target]
    : [target];
}

function tracking(ref: string): string {
  if (ref.startsWith("refs/heads/")) return ref.replace("refs/heads/", "refs/remotes/origin/");
  return ref.startsWith("refs/tags/") || ref === "" ? ref : ref.replace("refs/", "refs/remotes/");
}
