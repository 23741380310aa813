import { createServer, request as httpRequest, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { release } from "../../test-support/shop.ts";
import { openStage, type Stage } from "../../test-support/stage.ts";

const password = "canary-of-the-proxy";
const login = `Basic ${Buffer.from(`runner:${password}`).toString("base64")}`;

/** A proxy before the stage's GitHub, as `ghe.example.org`; `refusal` is its answer to everybody, if it has one. */
async function openProxy(stage: Stage, refusal?: number) {
  const asked: string[] = [];
  const server = createServer((incoming, response) => {
    asked.push(`${incoming.method} ${incoming.url}`);
    const { "proxy-authorization": known, ...headers } = incoming.headers;
    if (refusal !== undefined || known !== login) {
      response.writeHead(refusal ?? 407).end("no");
      return;
    }
    const there = new URL(incoming.url ?? "");
    const forward = (answer: IncomingMessage): void => {
      response.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.pipe(response);
    };
    incoming.pipe(
      httpRequest(
        {
          host: "127.0.0.1",
          port: stage.githubPort,
          method: incoming.method,
          path: there.pathname + there.search,
          headers: { ...headers, host: there.host },
        },
        forward,
      ),
    );
  });
  server.on("connect", (incoming, socket) => {
    asked.push(`CONNECT ${incoming.url}`);
    socket.end(`HTTP/1.1 ${refusal ?? 502} No\r\n\r\n`);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    asked,
    host,
    url: `http://runner:${password}@${host}`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}

/** The built action on a runner with these proxy variables; the secret of the proxy is looked for in all that it leaves. */
function validate(stage: Stage, scheme: "http" | "https", variables: Record<string, string>) {
  return stage.run("validate-tag", {
    inputs: { tag: "1.0.0", config: "", branch: "main" },
    variables: {
      GITHUB_SERVER_URL: `${scheme}://ghe.example.org`,
      GITHUB_API_URL: `${scheme}://ghe.example.org/api/v3`,
      GITHUB_GRAPHQL_URL: `${scheme}://ghe.example.org/api/graphql`,
      RUNNER_DEBUG: "1",
      ...variables,
    },
    secrets: [password, `runner:${password}`],
  });
}

test.concurrent("a proxy that wants a login gets it, and the server does not", async () => {
  await using stage = await openStage();
  await release(stage, "1.0.0");
  await using proxy = await openProxy(stage);
  const end = await validate(stage, "http", { HTTP_PROXY: proxy.url });
  expect(end.outputs["valid"]).toBe("true");
  expect(proxy.asked).toEqual(["POST http://ghe.example.org/api/graphql"]);
  const [last] = stage.github.requests.slice(-1);
  expect(last).toMatchObject({ host: "ghe.example.org", path: "/api/graphql" });
  expect(last?.headers).not.toHaveProperty("proxy-authorization");
});

test.concurrent.each([
  [407, "RA8008", /answered 407 to POST https:\/\/ghe\.example\.org.* Next: Give .* a login/],
  [403, "RA8008", /answered 403.* Next: Ask .* or name ghe\.example\.org in no_proxy/],
  [502, "RA8001", /answered 502 to CONNECT ghe\.example\.org:443\. Next: Run the job again/],
])("a proxy that answers %i is named, and its password is not", async (status, code, words) => {
  await using stage = await openStage();
  await release(stage, "1.0.0");
  await using proxy = await openProxy(stage, status);
  const end = await validate(stage, "https", { https_proxy: proxy.url });
  expect(end.status).toBe(1);
  const [error] = end.annotations;
  expect(error?.title).toContain(code);
  expect(error?.message).toMatch(words);
  expect(error?.message).toContain(`the proxy ${proxy.host} answered`);
  expect(new Set(proxy.asked)).toEqual(new Set(["CONNECT ghe.example.org:443"]));
});

test.concurrent("an address that is none is refused, and not shown", async () => {
  await using stage = await openStage();
  const end = await validate(stage, "https", { https_proxy: `socks5://runner:${password}@p:1` });
  expect(end.annotations[0]?.title).toContain("RA8007");
  expect(end.annotations[0]?.message).toContain("https_proxy holds a socks5 proxy");
});

test.concurrent.each(["example.org", ".example.org", "ghe.example.org:443", "*"])(
  "no_proxy: %s leads past it",
  async (exempt) => {
    await using stage = await openStage();
    await using proxy = await openProxy(stage);
    const end = await validate(stage, "https", { https_proxy: proxy.url, NO_PROXY: exempt });
    expect(end.annotations[0]?.message).toMatch(/no answer \((ENOTFOUND|EAI_AGAIN)\)/);
    expect(proxy.asked).toEqual([]);
  },
);
