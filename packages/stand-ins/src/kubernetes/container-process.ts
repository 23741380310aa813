import { spawn } from "node:child_process";
import { access, constants, mkdir, open, realpath, stat } from "node:fs/promises";
import { basename, join, normalize, sep } from "node:path";
import type { ContainerLog } from "./container-log.ts";

export type Launch = {
  /** The container's own copy of the image. */
  root: string;
  /** Entrypoint and arguments, already expanded. */
  command: string[];
  workingDir: string;
  env: Record<string, string>;
  nodeBinary: string;
  log: ContainerLog;
};

export type Exit = { exitCode: number; signal?: number };

export type ContainerProcess = {
  pid: number;
  exited: Promise<Exit>;
  kill(signal: "SIGTERM" | "SIGKILL"): void;
};

/** The process could not be started: what the container runtime says. */
export class StartFailure extends Error {}

const living = new Set<number>();
// Whatever ends this process, the containers do not outlive it.
process.on("exit", () => {
  for (const pid of living) signal(pid, "SIGKILL");
});

/** Starts a container's command as a child process, without a shell, out of the image's own files. Throws StartFailure. */
export async function startProcess(launch: Launch): Promise<ContainerProcess> {
  const { root, log } = launch;
  const [first, ...rest] = launch.command;
  if (!first) throw new StartFailure("no command specified");
  const file = isNode(first)
    ? launch.nodeBinary
    : await executable(root, first, launch.env["PATH"]);
  const args = await Promise.all(rest.map((argument) => placed(root, argument)));
  const cwd = inRoot(root, launch.workingDir);
  await mkdir(cwd, { recursive: true });

  const foreign = !isNode(first) && !(await isProgramOfHere(file));
  // The runtime has made the container by then: its own last words are in the container's log.
  const [program, words] = foreign
    ? [
        launch.nodeBinary,
        [
          "-e",
          `console.error(${JSON.stringify(`exec ${first}: exec format error`)}); process.exit(255)`,
        ],
      ]
    : [file, args];
  const child = spawn(program, words, { cwd, env: launch.env, stdio: ["ignore", "pipe", "pipe"] });
  child.stdout.on("data", (chunk: Buffer) => log.write(chunk));
  child.stderr.on("data", (chunk: Buffer) => log.write(chunk));
  const exited = new Promise<Exit>((resolve) => {
    child.once("exit", (code, name) => {
      if (child.pid !== undefined) living.delete(child.pid);
      const number = name === null ? undefined : (signalNumbers[name] ?? 0);
      const end = (): void => {
        clearTimeout(late);
        log.end();
        resolve(
          number === undefined
            ? { exitCode: code ?? 0 }
            : { exitCode: 128 + number, signal: number },
        );
      };
      // After `close` both streams are read to their end; a child of its own may hold them open for longer than it lived.
      const late = setTimeout(end, 500);
      child.once("close", end);
    });
  });
  await new Promise<void>((resolve, reject) => {
    child.once("spawn", resolve);
    child.once("error", (error) => reject(new StartFailure(`exec: "${first}": ${error.message}`)));
  });
  const { pid } = child;
  if (pid === undefined) throw new StartFailure(`exec: "${first}": no process was made`);
  living.add(pid);
  return { pid, exited, kill: (name) => signal(pid, name) };
}

/** SIGTERM, and SIGKILL when the grace is over; done when the process is gone. */
export async function terminate(
  process: ContainerProcess,
  graceMilliseconds: number,
): Promise<void> {
  process.kill("SIGTERM");
  const late = setTimeout(() => process.kill("SIGKILL"), graceMilliseconds);
  await process.exited;
  clearTimeout(late);
}

const signalNumbers: Record<string, number> = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGQUIT: 3,
  SIGILL: 4,
  SIGABRT: 6,
  SIGFPE: 8,
  SIGKILL: 9,
  SIGSEGV: 11,
  SIGPIPE: 13,
  SIGTERM: 15,
};

function signal(pid: number, name: "SIGTERM" | "SIGKILL"): void {
  if (!living.has(pid)) return;
  try {
    process.kill(pid, name);
  } catch {
    // It ended between the look and the signal.
    living.delete(pid);
  }
}

const isNode = (command: string): boolean => /^(\/usr\/(local\/)?bin\/)?node$/.test(command);

/** Whether the kernel can run a file: a script that names its interpreter, or a program for this machine's processor. */
async function isProgramOfHere(file: string): Promise<boolean> {
  const start = Buffer.alloc(20);
  const handle = await open(file);
  try {
    await handle.read(start, 0, start.length, 0);
  } finally {
    await handle.close();
  }
  if (start.toString("latin1", 0, 2) === "#!") return true;
  const machine: Record<string, number> = { x64: 62, arm64: 183 };
  // What is no ELF may still be a program on another system than Linux.
  if (start.toString("latin1", 0, 4) !== "\u007fELF") return process.platform !== "linux";
  return start.readUInt16LE(18) === (machine[process.arch] ?? start.readUInt16LE(18));
}

const inRoot = (root: string, path: string): string => join(root, normalize(`/${path}`));

/** An argument that names a file of the image is the path of that file here. */
async function placed(root: string, argument: string): Promise<string> {
  if (!argument.startsWith("/")) return argument;
  const path = inRoot(root, argument);
  return (await exists(path)) ? path : argument;
}

const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );

/** Finds a program in the image, and only there: a link that leads out of it is no program of the image. */
async function executable(
  root: string,
  name: string,
  searchPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
): Promise<string> {
  const candidates = name.includes("/")
    ? [name]
    : searchPath.split(":").map((folder) => join(folder, basename(name)));
  const home = await realpath(root);
  for (const candidate of candidates) {
    const path = await realpath(inRoot(root, candidate)).catch(() => undefined);
    if (!path?.startsWith(home + sep)) continue;
    const runs = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (runs) return path;
    throw new StartFailure(`exec: "${name}": permission denied`);
  }
  throw new StartFailure(
    name.includes("/")
      ? `exec: "${name}": stat ${name}: no such file or directory`
      : `exec: "${name}": executable file not found in $PATH`,
  );
}
