import { execFile } from "node:child_process";
import type { Incoming, Reply } from "../stand-in.ts";
import { plainGit } from "./repositories.ts";
import { resolveCommit } from "./source.ts";
import { demand, openSession, type Session } from "./tokens.ts";
import { findRepository, Refused, type World } from "./world.ts";

/** codeload: the files of a commit, at `/owner/name/<legacy.>tar.gz|zip/<ref>`. */
export async function answerArchive(
  world: World,
  incoming: Incoming,
  pathname: string,
): Promise<Reply> {
  const [, owner, name, legacy, format, ref] =
    /^\/([^/]+)\/([^/]+)\/(legacy\.)?(tar\.gz|zip)\/(.+)$/.exec(pathname) ?? [];
  const token = incoming.url.searchParams.get("token");
  const session = openSession(world, token ? `Bearer ${token}` : incoming.headers["authorization"]);
  const repository = findRepository(world, `${owner}/${name}`);
  if (!repository || ref === undefined) throw new Refused(404, "Not Found");
  demand(session, repository, [{ permission: "contents", level: "read" }]);
  const revision = decodeURIComponent(ref);
  const sha = resolveCommit(repository, revision);
  if (!sha) throw new Refused(404, "Not Found");
  const short = revision.replace(/^refs\/(heads|tags)\//, "").replaceAll("/", "-");
  const folder = legacy
    ? `${owner}-${name}-${sha.slice(0, 7)}`
    : `${name}-${short.replace(/^v(?=\d)/, "")}`;
  const body = await new Promise<Buffer>((resolve, reject) => {
    execFile(
      "git",
      [
        "--git-dir",
        repository.directory,
        "archive",
        `--format=${format}`,
        `--prefix=${folder}/`,
        sha,
      ],
      { env: { ...process.env, ...plainGit }, encoding: "buffer", maxBuffer: 1024 * 1024 * 1024 },
      (error, stdout) => (error ? reject(error) : resolve(stdout)),
    );
  });
  return {
    status: 200,
    headers: {
      "content-type": format === "zip" ? "application/zip" : "application/x-gzip",
      "content-disposition": `attachment; filename=${folder}.${format}`,
    },
    body,
  };
}

/** The browser's address of a release asset; undefined for other addresses. */
export function answerDownload(
  world: World,
  session: Session,
  pathname: string,
): Reply | undefined {
  const [, owner, name, tag, file] =
    /^\/([^/]+)\/([^/]+)\/releases\/download\/([^/]+)\/([^/]+)$/.exec(pathname) ?? [];
  if (tag === undefined || file === undefined) return undefined;
  const repository = findRepository(world, `${owner}/${name}`);
  if (!repository) throw new Refused(404, "Not Found");
  demand(session, repository, [{ permission: "contents", level: "read" }]);
  const release = repository.releases.find(
    (one) => !one.draft && one.tag === decodeURIComponent(tag),
  );
  const asset = release?.assets.find(
    (one) => one.name === decodeURIComponent(file) && one.state === "uploaded",
  );
  if (!asset) throw new Refused(404, "Not Found");
  return { status: 200, headers: { "content-type": asset.contentType }, body: asset.content };
}
