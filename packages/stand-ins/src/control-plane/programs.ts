import { spawn } from "node:child_process";
import { openSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";

/** One program of the control plane, running. */
export type Program = {
  readonly name: string;
  readonly pid: number;
  /** Throws with the last lines of its log when it has ended by itself. */
  demandRunning(): Promise<void>;
  /** Ends it and waits until it is gone: its port is free then. */
  stop(signal?: NodeJS.Signals): Promise<void>;
};

/** Starts a program of the binary; what it says goes into `<folder>/<name>.log`. It ends with this process, however that ends. */
export function startProgram(
  binary: string,
  name: string,
  options: string[],
  folder: string,
): Program {
  const log = join(folder, `${name}.log`);
  const output = openSync(log, "a");
  const child = spawn(binary, [name, ...options], {
    cwd: folder,
    stdio: ["pipe", output, output],
    env: { ...process.env, CONTROL_PLANE_ENDS_WITH_INPUT: "yes" },
  });
  const ended = new Promise<void>((resolve) => {
    child.once("exit", () => resolve());
    child.once("error", () => resolve());
  });
  const isOver = (): boolean =>
    child.exitCode !== null || child.signalCode !== null || child.pid === undefined;
  return {
    name,
    pid: child.pid ?? 0,
    demandRunning: async () => {
      if (!isOver()) return;
      const said = await readFile(log, "utf8");
      throw new Error(`${name} ended by itself:\n${said.split("\n").slice(-10).join("\n")}`);
    },
    stop: async (signal = "SIGTERM") => {
      if (!isOver()) child.kill(signal);
      const late = setTimeout(() => child.kill("SIGKILL"), 10_000);
      await ended;
      clearTimeout(late);
    },
  };
}

/** So many ports of 127.0.0.1 that are free now. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer();
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      return server;
    }),
  );
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
