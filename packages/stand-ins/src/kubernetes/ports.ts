import { createServer } from "node:net";
import type { ContainerSpec } from "./workloads.ts";

export type ContainerPorts = ReturnType<typeof createContainerPorts>;

/**
 * Where a container's ports are on this machine, which all containers share: each is told its own in PORT, and in
 * PORT_<containerPort> those of further ports, whatever `containerPort` says.
 */
export function createContainerPorts({ ports: declared = [] }: ContainerSpec) {
  const given = new Map<number, number>();
  const numbers = declared.length > 0 ? declared.map(({ containerPort }) => containerPort) : [0];
  const numberOf = (port: number | string): number | undefined =>
    typeof port === "number" ? port : declared.find(({ name }) => name === port)?.containerPort;

  return {
    /** As declared; 0 for the only port of a container that declares none. */
    numbers,
    numberOf,

    /** Takes the ports, once, and returns the variables that tell them. */
    async give(): Promise<Record<string, string>> {
      for (const port of numbers) if (!given.has(port)) given.set(port, await takePort());
      const [main, ...others] = given;
      const further = others.map(([port, here]) => [`PORT_${port}`, String(here)]);
      return { PORT: String(main?.[1]), ...Object.fromEntries(further) };
    },
    /** By number or name. A port that is not declared is open all the same: it is the one in PORT. */
    of(port: number | string): number | undefined {
      const number = numberOf(port);
      if (number === undefined) return undefined;
      return given.get(number) ?? [...given.values()][0];
    },
    release(): void {
      for (const port of given.values()) taken.delete(port);
      given.clear();
    },
  };
}

// Below the range from which systems take the ports of outgoing connections, so that none of those is met.
const first = 20_000;
const last = 31_999;
const taken = new Set<number>();
let next = first + Math.floor(Math.random() * (last - first));

/** A port of this machine that nobody listens on, kept for the caller until it is released. */
async function takePort(): Promise<number> {
  for (let tries = 0; tries < last - first; tries++) {
    const port = next;
    next = next >= last ? first : next + 1;
    if (taken.has(port)) continue;
    taken.add(port);
    if ((await canListen(port, "127.0.0.1")) && (await canListen(port, undefined))) return port;
    taken.delete(port);
  }
  throw new Error("this machine has no free port for a container");
}

function canListen(port: number, host: string | undefined): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen({ port, ...(host ? { host } : {}) }, () => server.close(() => resolve(true)));
  });
}
