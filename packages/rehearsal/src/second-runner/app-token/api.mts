import { readFileSync } from "node:fs";
import { Agent, request } from "node:https";

export type Answer = { status: number; date: Date; body: Record<string, unknown> };

const agent = new Agent({
  proxyEnv: process.env,
  ca: readFileSync(process.env["NODE_EXTRA_CA_CERTS"] ?? "/dev/null"),
} as never);

export const input = (name: string): string =>
  (process.env[`INPUT_${name.toUpperCase()}`] ?? "").trim();

/** One request to GitHub's API. */
export async function call(
  method: string,
  path: string,
  authorization: string | undefined,
  body?: unknown,
): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const text = body === undefined ? undefined : JSON.stringify(body);
  const sent = request(
    `${input("github-api-url")}${path}`,
    {
      method,
      agent,
      headers: {
        accept: "application/vnd.github+json",
        "user-agent": "actions/create-github-app-token",
        ...(authorization === undefined ? {} : { authorization }),
        ...(text === undefined ? {} : { "content-type": "application/json" }),
      },
    },
    (answer) => {
      const chunks: Buffer[] = [];
      answer.on("data", (chunk: Buffer) => chunks.push(chunk));
      answer.on("error", reject);
      answer.on("end", () => {
        const read = Buffer.concat(chunks).toString("utf8");
        resolve({
          status: answer.statusCode ?? 0,
          date: new Date(answer.headers.date ?? Date.now()),
          body: read.startsWith("{") ? (JSON.parse(read) as Record<string, unknown>) : {},
        });
      });
    },
  );
  sent.on("error", reject);
  sent.end(text);
  return promise;
}
