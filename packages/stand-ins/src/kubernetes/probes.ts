import { request } from "node:http";
import { connect } from "node:net";
import type { ProbeSpec } from "./workloads.ts";

export type ProbeResult = { ok: true } | { ok: false; message: string };

/** One look at a container; the message is the kubelet's. `portOf` tells where on this machine a port of the container is. */
export async function look(
  probe: ProbeSpec,
  portOf: (port: number | string) => number | undefined,
  run: (command: string[]) => Promise<{ exitCode: number; output: string }>,
): Promise<ProbeResult> {
  const timeout = (probe.timeoutSeconds ?? 1) * 1000;
  if (probe.httpGet) {
    const { path = "/", port, httpHeaders = [] } = probe.httpGet;
    const here = portOf(port);
    if (here === undefined)
      return {
        ok: false,
        message: `strconv.Atoi: parsing ${JSON.stringify(port)}: invalid syntax`,
      };
    return lookByHttp({
      port: here,
      path,
      headers: httpHeaders,
      timeout,
      shown: `http://127.0.0.1:${here}${path}`,
    });
  }
  const tcp = probe.tcpSocket?.port ?? probe.grpc?.port;
  if (tcp !== undefined) {
    const here = portOf(tcp);
    if (here === undefined)
      return { ok: false, message: `strconv.Atoi: parsing ${JSON.stringify(tcp)}: invalid syntax` };
    return (await isOpen(here))
      ? { ok: true }
      : { ok: false, message: `dial tcp 127.0.0.1:${here}: connect: connection refused` };
  }
  if (probe.exec) {
    const { exitCode, output } = await run(probe.exec.command ?? []);
    return exitCode === 0 ? { ok: true } : { ok: false, message: output };
  }
  return { ok: false, message: "missing probe handler" };
}

/** Whether something listens on a port of this machine. */
export function isOpen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: "127.0.0.1" });
    const end = (open: boolean): void => {
      socket.destroy();
      resolve(open);
    };
    socket.once("connect", () => end(true));
    socket.once("error", () => end(false));
    socket.setTimeout(1_000, () => end(false));
  });
}

function lookByHttp(options: {
  port: number;
  path: string;
  headers: { name: string; value: string }[];
  timeout: number;
  shown: string;
}): Promise<ProbeResult> {
  const { port, path, timeout, shown } = options;
  return new Promise((resolve) => {
    const headers = Object.fromEntries([
      ["user-agent", "kube-probe/1.36"],
      ["connection", "close"],
      ...options.headers.map(({ name, value }) => [name, value]),
    ]);
    const asked = request(
      { host: "127.0.0.1", port, path: path.startsWith("/") ? path : `/${path}`, headers, timeout },
      (answer) => {
        answer.resume();
        const status = answer.statusCode ?? 0;
        resolve(
          status >= 200 && status < 400
            ? { ok: true }
            : { ok: false, message: `HTTP probe failed with statuscode: ${status}` },
        );
      },
    );
    asked.once("timeout", () => {
      resolve({
        ok: false,
        message: `Get "${shown}": context deadline exceeded (Client.Timeout exceeded while awaiting headers)`,
      });
      asked.destroy();
    });
    asked.once("error", (error: NodeJS.ErrnoException) => {
      const why =
        error.code === "ECONNREFUSED"
          ? `dial tcp 127.0.0.1:${port}: connect: connection refused`
          : error.code === "ECONNRESET"
            ? "EOF"
            : error.message;
      resolve({ ok: false, message: `Get "${shown}": ${why}` });
    });
    asked.end();
  });
}
