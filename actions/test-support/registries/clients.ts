import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { content } from "./artifact.ts";
import { peerForTests } from "./peers.ts";

const run = promisify(execFile);

export type ClientName = "crane" | "regctl" | "skopeo";
export const clientNames: readonly ClientName[] = ["crane", "regctl", "skopeo"];

/** A foreign client of registries that speak plain HTTP on this machine. */
export type Client = {
  name: ClientName;
  path: string;
  /** Runs it; its output as bytes. @throws Error with its command, and what it said as the cause */
  run(...words: string[]): Promise<Buffer>;
  /** Runs it; milliseconds of its life, and the most bytes of memory that it held, where Linux tells it. */
  measure(...words: string[]): Promise<{ wall: number; memory: number | undefined }>;
};

/** The clients that are here; what is missing is said, and in CI it is a failure. */
export function clientsForTests(): { name: ClientName; client: Client | undefined }[] {
  return clientNames.map((name) => {
    const path = peerForTests(name);
    return { name, client: path === undefined ? undefined : clientAt(name, path) };
  });
}

const homes: string[] = [];
process.once("exit", () => {
  for (const home of homes) rmSync(home, { recursive: true, force: true });
});

/** A client with a home of its own, so that nobody's logins and settings count. */
export function clientAt(name: ClientName, path: string): Client {
  const home = mkdtempSync(join(tmpdir(), `${name}-`));
  mkdirSync(join(home, "run"));
  homes.push(home);
  const env = {
    ...process.env,
    HOME: home,
    XDG_RUNTIME_DIR: join(home, "run"),
    DOCKER_CONFIG: home,
  };
  const start = async (words: string[], watch?: (pid: number) => void): Promise<Buffer> => {
    try {
      const options = { env, encoding: "buffer", maxBuffer: 64 * 1024 * 1024 } as const;
      const running = run(path, words, options);
      if (running.child.pid !== undefined) watch?.(running.child.pid);
      return (await running).stdout;
    } catch (error) {
      const { stderr } = error as { stderr?: Buffer };
      const said = stderr?.toString("utf8").trim().split("\n").at(-1);
      // skopeo says it as the last field of a line of its log.
      const cause =
        said?.replace(/^time=.* msg="(.*)"$/, "$1").replaceAll('\\"', '"') || String(error);
      throw new Error(`${name} ${words.join(" ")}: ${cause}`, { cause });
    }
  };
  return {
    name,
    path,
    run: (...words) => start(words),
    measure: async (...words) => {
      let memory: number | undefined;
      let watching: NodeJS.Timeout | undefined;
      const began = performance.now();
      try {
        await start(words, (pid) => {
          // The mark only rises: the last look misses no more than what the last moment added.
          watching = setInterval(() => (memory = highWaterMark(pid) ?? memory), 3);
        });
      } finally {
        clearInterval(watching);
      }
      return { wall: performance.now() - began, memory };
    },
  };
}

function highWaterMark(pid: number): number | undefined {
  try {
    const [, kibibytes] = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
    return kibibytes === undefined ? undefined : Number(kibibytes) * 1024;
  } catch {
    return undefined;
  }
}

/** Makes a client remember a login, as its user does it. */
export async function logIn(
  client: Client,
  host: string,
  { username, password }: { username: string; password: string },
): Promise<void> {
  const words = {
    crane: ["auth", "login", host, "--username", username, "--password", password],
    regctl: [...plainHttp(host), "registry", "login", host, "--user", username, "--pass", password],
    skopeo: ["login", "--tls-verify=false", host, "--username", username, "--password", password],
  };
  await client.run(...words[client.name]);
}

/** The manifest's bytes under a reference, and the digest that the client finds them to have; skopeo knows sha256 alone. */
export async function readTop(
  client: Client,
  reference: string,
): Promise<{ bytes: Buffer; digest: string }> {
  const { run: read } = client;
  if (client.name === "crane")
    return {
      bytes: await read("manifest", reference),
      digest: text(await read("digest", reference)),
    };
  if (client.name === "regctl") {
    const host = plainHttp(reference);
    return {
      bytes: await read(...host, "manifest", "get", "--format", "raw-body", reference),
      digest: text(await read(...host, "image", "digest", reference)),
    };
  }
  const bytes = await read("inspect", "--tls-verify=false", "--raw", `docker://${reference}`);
  const folder = mkdtempSync(join(tmpdir(), "manifest-"));
  try {
    writeFileSync(join(folder, "manifest.json"), bytes);
    return { bytes, digest: text(await read("manifest-digest", join(folder, "manifest.json"))) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Pulls an artifact with all that is below it, which the client checks on the way; the digests of every file it wrote. */
export async function pullAll(client: Client, reference: string): Promise<Set<string>> {
  const folder = mkdtempSync(join(tmpdir(), "pulled-"));
  const { run: pull } = client;
  try {
    if (client.name === "crane") await pull("pull", "--format=oci", reference, folder);
    if (client.name === "regctl")
      await pull(...plainHttp(reference), "image", "copy", reference, `ocidir://${folder}:pulled`);
    if (client.name === "skopeo") {
      const copy = ["copy", "--all", "--preserve-digests", "--src-tls-verify=false"];
      await pull("--insecure-policy", ...copy, `docker://${reference}`, `dir:${folder}`);
    }
    return digestsIn(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What tells regctl that the registry of a reference has no TLS; the other two find out, or are told in each command. */
export function plainHttp(reference: string): string[] {
  return ["--host", `reg=${reference.split("/")[0]},tls=disabled`];
}

/** The names that the files of a folder have by their content, in either algorithm. */
function digestsIn(folder: string): Set<string> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true });
  return new Set(
    files
      .filter((file) => file.isFile())
      .map((file) => readFileSync(join(file.parentPath, file.name)))
      .flatMap((bytes) => [content("", bytes).digest, content("", bytes, "sha512").digest]),
  );
}

function text(bytes: Buffer): string {
  return bytes.toString("utf8").trim();
}
