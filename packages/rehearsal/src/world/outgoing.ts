import { Agent, request } from "node:https";
import type { World } from "./world.ts";

export type Received = { status: number; headers: Record<string, string>; body: Buffer };

/** One request of somebody outside the jobs - a person, a visitor, a node that pulls an image - through the rehearsal's proxy. */
export async function requestOf(
  world: Pick<World, "proxy" | "authority">,
  outgoing: { method: string; url: string; headers?: Record<string, string>; body?: string },
): Promise<Received> {
  const agent = new Agent({
    ca: world.authority.pem,
    proxyEnv: { HTTPS_PROXY: world.proxy.url, NO_PROXY: "" },
  } as never);
  try {
    return await new Promise((resolve, reject) => {
      const sending = request(
        outgoing.url,
        { method: outgoing.method, headers: outgoing.headers ?? {}, agent, timeout: 10_000 },
        (answer) => {
          const chunks: Buffer[] = [];
          answer.on("data", (chunk: Buffer) => chunks.push(chunk));
          answer.on("error", reject);
          answer.on("end", () =>
            resolve({
              status: answer.statusCode ?? 0,
              headers: Object.fromEntries(
                Object.entries(answer.headers).map(([name, value]) => [name, String(value)]),
              ),
              body: Buffer.concat(chunks),
            }),
          );
        },
      );
      sending.on("timeout", () => sending.destroy(new Error("no answer within 10 s")));
      sending.on("error", reject);
      sending.end(outgoing.body);
    });
  } finally {
    agent.destroy();
  }
}
