import { Agent, createServer, request as startRequest, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";

/** One request as it passed. */
export type Passed = { method: string; path: string; status: number; sent: number; got: number };

export type CountingProxy = {
  /** What clients call the registry behind it. */
  host: string;
  /** All requests since the last call, in the order of their start. */
  take(): Passed[];
} & AsyncDisposable;

/** Stands before a registry and counts what passes: requests, and bytes of bodies. It changes nothing. */
export async function countBefore(
  /** Its host; of some paths it may be another one. */
  registry: string | ((path: string) => string),
): Promise<CountingProxy> {
  let passed: Passed[] = [];
  const agent = new Agent({ keepAlive: true });
  const server = createServer((incoming, outgoing) => {
    const { method = "GET", url = "/", headers } = incoming;
    const record: Passed = { method, path: url, status: 0, sent: 0, got: 0 };
    passed.push(record);
    const [hostname, port] = (typeof registry === "string" ? registry : registry(url)).split(":");
    // The host stays as the client wrote it: addresses that the registry makes of it lead here again.
    const onward = startRequest({ hostname, port, method, path: url, headers, agent });
    count(incoming, (bytes) => (record.sent += bytes));
    incoming.pipe(onward);
    onward.on("response", (answer) => {
      record.status = answer.statusCode ?? 0;
      count(answer, (bytes) => (record.got += bytes));
      outgoing.writeHead(record.status, answer.rawHeaders);
      answer.pipe(outgoing);
      answer.on("error", () => outgoing.destroy());
    });
    onward.on("error", () => outgoing.destroy());
    outgoing.on("close", () => onward.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    take: () => {
      const taken = passed;
      passed = [];
      return taken;
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      agent.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Looks at tags, which are the price of knowing what a tag had; lists of what refers to an image; all the rest. */
export function tally(requests: readonly Passed[]): {
  looks: number;
  referrers: number;
  rest: number;
} {
  const isReferrers = ({ path }: Passed): boolean =>
    /\/referrers\/|\/tags\/list|\/manifests\/sha(?:256|512)-/.test(path);
  const isLook = (request: Passed): boolean => request.method === "HEAD" && !isReferrers(request);
  const referrers = requests.filter(isReferrers).length;
  const looks = requests.filter(isLook).length;
  return { looks, referrers, rest: requests.length - looks - referrers };
}

function count(stream: IncomingMessage, add: (bytes: number) => void): void {
  stream.on("data", (chunk: Buffer) => add(chunk.length));
}
