import { spawn, spawnSync } from "node:child_process";
import { StringDecoder } from "node:string_decoder";

/** Milliseconds from the interrupt to SIGTERM and from there to SIGKILL. None at all: the machine is lost, and nothing is said first. */
export type Grace = { interrupt: number; terminate: number };

/** The times of GitHub's runner. */
export const runnerGrace: Grace = { interrupt: 7500, terminate: 2500 };

export type Program = {
  file: string;
  args: string[];
  cwd: string;
  env: Record<string, string>;
  onLine(line: string): void;
  signal: AbortSignal;
  grace: Grace;
  /** Told the process group of a program that left children behind; they live until the job ends. */
  leftBehind?(group: number): void;
};

/** How long output of children that outlive their parent is still read. */
const drain = 500;

/** Runs a program without a shell and without input. Resolves with its exit code, 128 + signal when it was killed. */
export async function runProgram(program: Program): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const child = spawn(program.file, program.args, {
    cwd: program.cwd,
    env: program.env,
    stdio: ["ignore", "pipe", "pipe"],
    // A group of its own, so that SIGKILL reaches the whole tree.
    detached: true,
  });
  const flushes = [child.stdout, child.stderr].map((stream) => lines(stream, program.onLine));
  const timers: NodeJS.Timeout[] = [];
  const cancel = (): void => {
    if (program.grace.interrupt + program.grace.terminate === 0) return killTree(child.pid);
    child.kill("SIGINT");
    timers.push(
      setTimeout(() => {
        child.kill("SIGTERM");
        timers.push(setTimeout(() => killGroup(child.pid), program.grace.terminate));
      }, program.grace.interrupt),
    );
  };
  program.signal.addEventListener("abort", cancel, { once: true });
  child.once("error", reject);
  child.once("spawn", () => {
    if (program.signal.aborted) cancel();
  });
  child.once("close", (code, signal) => resolve(exitCode(code, signal)));
  child.once("exit", (code, signal) => {
    setTimeout(() => resolve(exitCode(code, signal)), drain).unref();
  });
  try {
    return await promise;
  } finally {
    program.signal.removeEventListener("abort", cancel);
    for (const timer of timers) clearTimeout(timer);
    for (const flush of flushes) flush();
    if (groupLives(child.pid)) program.leftBehind?.(child.pid ?? 0);
  }
}

/** Kills a program and all that it has started, in whatever groups: when this returns none of them sends anything any more. */
function killTree(root: number | undefined): void {
  if (root === undefined) return;
  const { stdout } = spawnSync("ps", ["-A", "-o", "pid=,ppid="], { encoding: "utf8" });
  const all = (stdout ?? "").split("\n").map((line) => line.trim().split(/\s+/).map(Number));
  const below = (parent: number): number[] =>
    all.flatMap(([pid, ppid]) => (pid && ppid === parent ? [pid, ...below(pid)] : []));
  const children = below(root);
  killGroup(root);
  for (const pid of children) {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // Gone with its group.
    }
  }
}

/** Kills what is left of a process group. */
export function killGroup(group: number | undefined): void {
  if (group === undefined || group <= 1) return;
  try {
    process.kill(-group, "SIGKILL");
  } catch {
    // Gone already.
  }
}

function groupLives(group: number | undefined): boolean {
  if (group === undefined) return false;
  try {
    process.kill(-group, 0);
    return true;
  } catch {
    return false;
  }
}

/** Gives whole lines to `onLine`; the returned function gives the unterminated rest and stops listening. */
function lines(stream: NodeJS.ReadableStream, onLine: (line: string) => void): () => void {
  const decoder = new StringDecoder("utf8");
  let rest = "";
  const take = (chunk: Buffer): void => {
    const parts = (rest + decoder.write(chunk)).split("\n");
    rest = parts.pop() ?? "";
    for (const part of parts) onLine(part.replace(/\r$/, ""));
  };
  stream.on("data", take);
  return () => {
    stream.off("data", take);
    stream.resume();
    const last = rest + decoder.end();
    rest = "";
    if (last !== "") onLine(last);
  };
}

function exitCode(code: number | null, signal: NodeJS.Signals | null): number {
  return code ?? 128 + (signal === "SIGINT" ? 2 : signal === "SIGTERM" ? 15 : 9);
}
