import { onTestFinished } from "vitest";
import { listen, movableClock } from "../stand-in.ts";
import { createRegistryStandIn, type RegistryStandInOptions } from "./registry-stand-in.ts";

export type Sent = { status: number; headers: Headers; body: Buffer };

export type Send = (
  method: string,
  path: string,
  more?: { headers?: Record<string, string>; body?: Buffer | string },
) => Promise<Sent>;

/** A registry on a port of its own until the test ends, and plain requests to it. Redirects are not followed. */
export async function start(options: Omit<RegistryStandInOptions, "clock"> = {}) {
  const clock = movableClock(new Date("2026-01-06T09:00:00Z"));
  const standIn = createRegistryStandIn({ ...options, clock });
  const server = await listen(standIn);
  onTestFinished(() => server.close());
  const send: Send = async (method, path, more = {}) => {
    const answer = await fetch(new URL(path, server.url), {
      method,
      redirect: "manual",
      ...(more.headers ? { headers: more.headers } : {}),
      ...(more.body === undefined ? {} : { body: Buffer.from(more.body) }),
    });
    return {
      status: answer.status,
      headers: answer.headers,
      body: Buffer.from(await answer.arrayBuffer()),
    };
  };
  return { standIn, clock, send, url: server.url };
}

/** The code of the first error in an answer. */
export function codeOf(sent: Sent): string | undefined {
  return (JSON.parse(sent.body.toString()) as { errors: { code: string }[] }).errors[0]?.code;
}

/** The status and the error code of an answer. */
export function refusal(sent: Sent): [number, string | undefined] {
  return [sent.status, codeOf(sent)];
}
