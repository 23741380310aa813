import { spawn } from "node:child_process";
import { createLineReader } from "./line-reader.ts";

export type ProgramOptions = {
  args?: readonly string[];
  cwd: string;
  env: Record<string, string>;
  /** Milliseconds until the program and all that it started are ended. */
  timeout: number;
  /** Milliseconds between the polite and the hard end; default 5000. */
  grace?: number;
  /** Told of each line of both outputs as it comes. Foreign text. */
  line: (text: string) => void;
  /** Given: takes the first output as it is, and `line` is told of the other one only. */
  output?: (bytes: Buffer) => void;
};

export type ProgramEnd =
  | { how: "exited"; code: number }
  | { how: "signalled"; signal: string }
  | { how: "timed-out" }
  | { how: "not-started"; why: string };

/** How long the outputs may stay open after the program's end: something that it left behind holds them. */
const lingering = 2_000;

/**
 * Runs a program without a shell, in a process group of its own. Whatever is left of the group is ended
 * with the program, at the deadline, and when this process goes.
 * `@actions/exec` is not used here: it starts its program in our own group and hands out no process id, so that a deadline
 * could end the program but not what the program has started.
 */
export async function runProgram(path: string, options: ProgramOptions): Promise<ProgramEnd> {
  const child = spawn(path, options.args ?? [], {
    cwd: options.cwd,
    env: options.env,
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const endGroup = (signal: NodeJS.Signals): void => {
    if (child.pid === undefined) return;
    try {
      process.kill(-child.pid, signal);
    } catch {
      // Nobody of the group is left.
    }
  };
  const atExit = (): void => endGroup("SIGTERM");
  process.once("exit", atExit);

  const { output } = options;
  if (output) child.stdout.on("data", output).on("error", () => undefined);
  const told = output ? [child.stderr] : [child.stdout, child.stderr];
  const readers = told.map((stream) => {
    const reader = createLineReader(options.line);
    stream.on("data", (bytes: Buffer) => reader.write(bytes));
    stream.on("error", () => undefined);
    return reader;
  });
  const closed = new Promise<void>((resolve) => child.once("close", () => resolve()));
  const ended = new Promise<ProgramEnd>((resolve) => {
    child.once("error", (error) => resolve({ how: "not-started", why: error.message }));
    child.once("exit", (code, signal) =>
      resolve(
        code === null ? { how: "signalled", signal: signal ?? "unknown" } : { how: "exited", code },
      ),
    );
  });

  let late = false;
  const timers = [
    setTimeout(() => {
      late = true;
      endGroup("SIGTERM");
    }, options.timeout),
    setTimeout(() => endGroup("SIGKILL"), options.timeout + (options.grace ?? 5_000)),
  ];
  try {
    const end = await ended;
    if (end.how === "not-started") return end;
    // At the deadline the rest of the group keeps its grace; after an end of its own it has nothing left to do.
    await Promise.race([closed, pause(late ? (options.grace ?? 5_000) : lingering)]);
    return late ? { how: "timed-out" } : end;
  } finally {
    for (const timer of timers) clearTimeout(timer);
    endGroup("SIGKILL");
    process.removeListener("exit", atExit);
    child.stdout.destroy();
    child.stderr.destroy();
    for (const reader of readers) reader.end();
  }
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds).unref());
}
