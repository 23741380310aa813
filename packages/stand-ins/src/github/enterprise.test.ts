import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Agent, request } from "node:http";
import { afterEach, describe, expect, test } from "vitest";
import { listen, movableClock } from "../stand-in.ts";
import type { EnterpriseVersion } from "./enterprise.ts";
import { createGitHub } from "./github.ts";

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

type Answered = { status: number; headers: Record<string, unknown>; body: Buffer; json<T>(): T };

async function serve(version: EnterpriseVersion) {
  const directory = mkdtempSync(join(tmpdir(), "enterprise-"));
  const github = createGitHub({
    clock: movableClock(new Date("2026-03-02T08:00:00Z")),
    directory,
    enterprise: { url: "https://ghe.example.org", version },
  });
  github.addUser({ login: "ann" });
  const repository = github.addRepository({ owner: "acme", name: "shop" });
  repository.addCollaborator("ann", "admin");
  const sha = repository.commit({
    branch: "main",
    message: "First",
    author: "ann",
    files: { "a.txt": "a", ".github/workflows/go.yml": "on: workflow_dispatch\n" },
  });
  const token = github.issueToken({
    kind: "user",
    repositories: ["acme/shop"],
    actor: "ann",
    permissions: { actions: "write", contents: "write", issues: "write" },
  });
  const served = await listen(github);
  closers.push(served.close, () => rmSync(directory, { recursive: true, force: true }));
  const { port } = new URL(served.url);
  const agent = new Agent();
  const ask = (
    method: string,
    url: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Answered> =>
    new Promise((resolve, reject) => {
      const { host, pathname, search } = new URL(url);
      const sent = request(
        {
          agent,
          port,
          host: "127.0.0.1",
          method,
          path: pathname + search,
          headers: {
            host,
            authorization: `Bearer ${token}`,
            "user-agent": "test",
            "content-type": "application/json",
            ...headers,
          },
        },
        (answer) => {
          const chunks: Buffer[] = [];
          answer.on("data", (chunk: Buffer) => chunks.push(chunk));
          answer.on("end", () => {
            const bytes = Buffer.concat(chunks);
            resolve({
              status: answer.statusCode ?? 0,
              headers: answer.headers,
              body: bytes,
              json: <T>() => JSON.parse(bytes.toString("utf8")) as T,
            });
          });
        },
      );
      sent.on("error", reject);
      sent.end(typeof body === "string" || body === undefined ? body : JSON.stringify(body));
    });
  const api = (method: string, path: string, body?: unknown) =>
    ask(method, `https://ghe.example.org/api/v3/repos/acme/shop${path}`, body);
  const query = (text: string) =>
    ask("POST", "https://ghe.example.org/api/graphql", { query: text });
  return { github, repository, sha, ask, api, query };
}

type Draft = { upload_url: string };

/** What the stand-in told of addresses, wherever it told it. */
function addressesIn(value: unknown): string[] {
  return [...JSON.stringify(value).matchAll(/https?:\/\/[^/"\\]+/g)].map(([address]) => address);
}

describe("an enterprise server", () => {
  test("is one host for REST, GraphQL, uploads and archives, and says so in every link", async () => {
    const { repository, sha, ask, api, query } = await serve("3.22");
    const made = await api("POST", "/releases", {
      tag_name: "1.0.0",
      target_commitish: sha,
      draft: true,
    });
    expect(made.status).toBe(201);
    expect(made.headers["x-github-enterprise-version"]).toBe("enterprise-server@3.22.0");
    const release = made.json<Draft>();
    expect(new Set(addressesIn(release))).toEqual(new Set(["https://ghe.example.org"]));
    expect(release.upload_url).toMatch(
      /^https:\/\/ghe\.example\.org\/api\/uploads\/repos\/acme\/shop\/releases\/\d+\/assets\{/,
    );
    const upload = release.upload_url.replace(/\{.*/, "?name=a.txt");
    const asset = await ask("POST", upload, "bytes", { "content-type": "text/plain" });
    expect(asset.status).toBe(201);
    expect(asset.json<{ digest: string }>().digest).toMatch(/^sha256:/);

    const answer = await query('{repository(owner: "acme", name: "shop") {url}}');
    expect(answer.json()).toEqual({
      data: { repository: { url: "https://ghe.example.org/acme/shop" } },
    });

    repository.createTag("1.0.0", sha, "ann");
    const archive = await api("GET", "/zipball/refs/tags/1.0.0");
    const location = String(archive.headers["location"]);
    expect(location).toContain("https://ghe.example.org/_codeload/acme/shop/legacy.zip/");
    const bytes = (await ask("GET", location)).body;
    expect(bytes.subarray(0, 2).toString()).toBe("PK");
    const isolated = location.replace("ghe.example.org/_codeload", "codeload.ghe.example.org");
    expect((await ask("GET", isolated)).body.equals(bytes)).toBe(true);
  });

  test("tells events with its own addresses", async () => {
    const { github, repository } = await serve("3.22");
    const told: unknown[] = [];
    github.onEvent((event) => told.push(event.payload));
    const issue = repository.openIssue({ title: "One", by: "ann" });
    repository.comment({ issue: issue.number, body: "/go", by: "ann" });
    repository.commit({ branch: "main", message: "Two", author: "ann", files: { b: "b" } });
    expect(told.length).toBeGreaterThan(2);
    const addresses = new Set(told.flatMap(addressesIn));
    expect(addresses).toEqual(new Set(["https://ghe.example.org"]));
  });

  test("is not github.com", async () => {
    const { ask } = await serve("3.22");
    for (const url of [
      "https://api.github.com/repos/acme/shop",
      "https://ghe.example.org/repos/acme/shop",
    ])
      expect((await ask("GET", url)).status).toBe(404);
  });
});

const linked = `mutation($a: ID!, $b: ID!) { addSubIssue(input: {issueId: $a, subIssueId: $b}) { issue { number } } }`;

async function subIssues({ repository, ask, api }: Awaited<ReturnType<typeof serve>>) {
  const [parent, child] = ["Parent", "Child"].map((title) =>
    repository.openIssue({ title, by: "ann" }),
  );
  const rest = await api("POST", `/issues/${parent?.number}/sub_issues`, {
    sub_issue_id: child?.id,
  });
  const graphql = await ask("POST", "https://ghe.example.org/api/graphql", {
    query: linked,
    variables: { a: parent?.nodeId, b: child?.nodeId },
  });
  return { rest: rest.status, graphql: graphql.json<unknown>(), parent };
}

describe("an older server", () => {
  test("3.16 has sub-issues over GraphQL and not over REST", async () => {
    const server = await serve("3.16");
    const { rest, graphql, parent } = await subIssues(server);
    expect(rest).toBe(404);
    expect(graphql).toEqual({ data: { addSubIssue: { issue: { number: parent?.number } } } });
  });

  test("3.15 has none", async () => {
    const { rest, graphql } = await subIssues(await serve("3.15"));
    expect(rest).toBe(404);
    expect(graphql).toMatchObject({
      errors: [
        {
          message: "Field 'addSubIssue' doesn't exist on type 'Mutation'",
          extensions: { code: "undefinedField", typeName: "Mutation", fieldName: "addSubIssue" },
        },
      ],
    });
  });

  test.each(["3.17", "3.18"] as const)("%s: digests of assets", async (version) => {
    const { sha, ask, api } = await serve(version);
    const made = await api("POST", "/releases", {
      tag_name: "1",
      target_commitish: sha,
      draft: true,
    });
    const release = made.json<Draft>();
    const upload = release.upload_url.replace(/\{.*/, "?name=a.txt");
    const asset = await ask("POST", upload, "bytes", { "content-type": "text/plain" });
    expect(asset.status).toBe(201);
    expect("digest" in asset.json<object>()).toBe(version === "3.18");
  });

  test("a dispatch tells no run, and passes over the wish", async () => {
    const { api } = await serve("3.19");
    const answer = await api("POST", "/actions/workflows/go.yml/dispatches", {
      ref: "main",
      return_run_details: true,
    });
    expect([answer.status, answer.body.length]).toEqual([204, 0]);
  });

  test("what it answers fits GitHub's descriptions all the same", async () => {
    const server = await serve("3.16");
    await subIssues(server);
    expect(server.github.violations).toEqual([]);
  });
});
