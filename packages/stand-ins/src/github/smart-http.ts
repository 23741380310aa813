import { spawn } from "node:child_process";
import { dirname } from "node:path";
import { gunzipSync } from "node:zlib";
import type { Incoming, Reply } from "../stand-in.ts";
import { plainGit } from "./repositories.ts";
import { refMoved } from "./source.ts";
import { canSee, permits, type Session } from "./tokens.ts";
import { mayChangeWorkflows } from "./workflow-files.ts";
import { findRepository, type Repository, type World } from "./world.ts";

const gitPath = /^\/([^/]+)\/([^/]+?)(?:\.git)?\/(info\/refs|git-upload-pack|git-receive-pack)$/;

export function isGitRequest(pathname: string): boolean {
  return gitPath.test(pathname);
}

/** Git's own protocol, answered by `git http-backend` on the real repository after the token was looked at. */
export async function answerGit(
  world: World,
  session: Session,
  incoming: Incoming,
): Promise<Reply> {
  const [, owner, name, rest = ""] = gitPath.exec(incoming.url.pathname) ?? [];
  const repository = findRepository(world, `${owner}/${name}`);
  const service = rest === "info/refs" ? incoming.url.searchParams.get("service") : rest;
  if (!repository || !canSee(session, repository)) {
    return session.token ? text(404, "Repository not found.") : askWho;
  }
  const pushes = service === "git-receive-pack";
  if (
    !permits(session, repository, [{ permission: "contents", level: pushes ? "write" : "read" }])
  ) {
    if (!session.token) return askWho;
    return text(403, `Permission to ${repository.fullName}.git denied to ${session.actor?.login}.`);
  }
  // The newer form of the protocol tells everything by commands; dumb HTTP is not served.
  if (service !== "git-upload-pack" && !pushes) return text(403, "Please upgrade your git client.");
  const reply = await runBackend(repository, session, incoming, rest);
  if (rest === "git-receive-pack" && session.actor) {
    for (const { before, after, ref } of commandsIn(incoming)) {
      if ((repository.refs.read(ref) ?? none) !== (after ?? none)) continue;
      refMoved(world, repository, session.actor, ref, before, after);
      reply.wrote = true;
    }
  }
  return reply;
}

const none = "none";
const askWho: Reply = {
  status: 401,
  headers: { "www-authenticate": 'Basic realm="GitHub"', "content-type": "text/plain" },
  body: "No anonymous write access.",
};

function text(status: number, body: string): Reply {
  return { status, headers: { "content-type": "text/plain; charset=utf-8" }, body };
}

function runBackend(
  repository: Repository,
  session: Session,
  incoming: Incoming,
  rest: string,
): Promise<Reply> {
  const { headers, url, method, body } = incoming;
  const child = spawn("git", ["http-backend"], {
    env: {
      ...process.env,
      ...plainGit,
      GIT_PROJECT_ROOT: dirname(repository.directory),
      GIT_HTTP_EXPORT_ALL: "1",
      REQUEST_METHOD: method,
      PATH_INFO: `/${repository.name}.git/${rest}`,
      QUERY_STRING: url.search.slice(1),
      CONTENT_TYPE: headers["content-type"] ?? "",
      CONTENT_LENGTH: String(body.length),
      HTTP_CONTENT_ENCODING: headers["content-encoding"] ?? "",
      GIT_PROTOCOL: headers["git-protocol"] ?? "",
      REMOTE_USER: session.actor?.login ?? "anonymous",
      REMOTE_ADDR: "127.0.0.1",
      STAND_IN_NO_WORKFLOWS: mayChangeWorkflows(session) ? "" : "yes",
    },
    stdio: ["pipe", "pipe", "pipe"],
  });
  const [out, err]: [Buffer[], Buffer[]] = [[], []];
  child.stdout.on("data", (chunk: Buffer) => out.push(chunk));
  child.stderr.on("data", (chunk: Buffer) => err.push(chunk));
  // A backend that refuses early closes its input before it has read everything.
  child.stdin.on("error", () => undefined);
  child.stdin.end(body);
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", () => {
      const whole = Buffer.concat(out);
      const end = whole.indexOf("\r\n\r\n");
      if (end < 0) return reject(new Error(`git http-backend: ${Buffer.concat(err).toString()}`));
      const fields = whole
        .toString("latin1", 0, end)
        .split("\r\n")
        .map((line): [string, string] => [
          line.slice(0, line.indexOf(":")).toLowerCase(),
          line.slice(line.indexOf(":") + 1).trim(),
        ]);
      const { status, ...others } = Object.fromEntries(fields);
      resolve({
        status: status ? Number.parseInt(status, 10) : 200,
        headers: others,
        body: whole.subarray(end + 4),
      });
    });
  });
}

/** The ref updates that a push asks for; they stand in packet lines before the pack. */
function commandsIn({
  body,
  headers,
}: Incoming): { before: string | undefined; after: string | undefined; ref: string }[] {
  const content = headers["content-encoding"] === "gzip" ? gunzipSync(body) : body;
  const commands = [];
  for (let at = 0; at + 4 <= content.length;) {
    const length = Number.parseInt(content.toString("latin1", at, at + 4), 16);
    if (!(length > 4)) break;
    const line = content.toString("utf8", at + 4, at + length);
    const [, before, after, ref] = /^([0-9a-f]{40}) ([0-9a-f]{40}) ([^\0\n]+)/.exec(line) ?? [];
    if (before && after && ref) commands.push({ before: real(before), after: real(after), ref });
    at += length;
  }
  return commands;
}

function real(sha: string): string | undefined {
  return /[^0]/.test(sha) ? sha : undefined;
}
