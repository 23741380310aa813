import { createSign, generateKeyPairSync } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { listen, movableClock } from "../stand-in.ts";
import { createGitHub, type GitHub, type GitHubEvent, type GitHubRepository } from "./index.ts";

const key = generateKeyPairSync("rsa", { modulusLength: 2048 });
const other = generateKeyPairSync("rsa", { modulusLength: 2048 });
const publicKey = key.publicKey.export({ type: "spki", format: "pem" }).toString();

let folder: string;
let github: GitHub;
let shop: GitHubRepository;
let docs: GitHubRepository;
let url: string;
let close: () => Promise<void>;
let events: GitHubEvent[];
let first: string;
let clock: ReturnType<typeof movableClock>;
let installation: number;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "github-"));
  clock = movableClock(new Date("2026-03-02T09:00:00Z"));
  github = createGitHub({ clock, directory: folder });
  for (const login of ["ada", "bob"]) github.addUser({ login });
  [shop, docs] = ["shop", "docs"].map((name) =>
    github.addRepository({ owner: "acme", name, private: name === "docs" }),
  ) as [GitHubRepository, GitHubRepository];
  github.addRepository({ owner: "acme", name: "secret", private: true });
  shop.addCollaborator("ada", "write");
  const wish = { branch: "main", message: "first", author: "ada", files: { "a.txt": "a" } };
  first = shop.commit(wish);
  docs.commit(wish);
  const app = github.addApp({
    id: 42,
    slug: "releaser",
    publicKey,
    installations: [
      {
        account: "acme",
        repositories: ["acme/shop", "acme/docs"],
        permissions: {
          contents: "write",
          issues: "read",
          "pull-requests": "write",
          members: "read",
        },
      },
    ],
  });
  installation = app.installations[0]?.id ?? 0;
  github.addTeam({
    organization: "acme",
    slug: "owners",
    members: ["bob"],
    maintainers: ["ada"],
  });
  events = [];
  github.onEvent((event) => events.push(event));
  ({ url, close } = await listen(github));
});

afterEach(async () => {
  await close();
  rmSync(folder, { recursive: true, force: true });
  expect(github.violations.filter((one) => one.startsWith("answer"))).toEqual([]);
});

const base64 = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");

function jwt(
  claims: Record<string, unknown> = {},
  options: { alg?: string; by?: typeof key } = {},
) {
  const now = Math.floor(clock.now().getTime() / 1000);
  const head = base64({ alg: options.alg ?? "RS256", typ: "JWT" });
  const body = base64({ iat: now - 60, exp: now + 540, iss: "42", ...claims });
  const signature = createSign("RSA-SHA256")
    .update(`${head}.${body}`)
    .sign((options.by ?? key).privateKey, "base64url");
  return `${head}.${body}.${signature}`;
}

async function send(bearer: string | undefined, method: string, path: string, body?: unknown) {
  const answer = await fetch(`${url}/api/v3${path}`, {
    method,
    headers: bearer ? { authorization: `Bearer ${bearer}` } : {},
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  return { status: answer.status, body: JSON.parse(text || "null") as Record<string, unknown> };
}

async function appToken(wanted: object = {}): Promise<string> {
  const path = `/app/installations/${installation}/access_tokens`;
  const { status, body } = await send(jwt(), "POST", path, wanted);
  expect(status).toBe(201);
  return String(body["token"]);
}

const jobToken = (permissions: Record<string, "read" | "write">) =>
  github.issueToken({ kind: "job", repositories: ["acme/shop"], actor: "ada", permissions });

test("an App finds its installation in a repository, and in no other", async () => {
  expect(await send(jwt(), "GET", "/repos/acme/shop/installation")).toMatchObject({
    status: 200,
    body: {
      id: installation,
      app_id: 42,
      app_slug: "releaser",
      account: { login: "acme" },
      repository_selection: "selected",
      permissions: { contents: "write", pull_requests: "write", metadata: "read" },
    },
  });
  expect(await send(jwt(), "GET", "/orgs/acme/installation")).toMatchObject({
    body: { id: installation },
  });
  expect(await send(jwt(), "GET", `/app/installations/${installation}`)).toMatchObject({
    body: { id: installation },
  });
  expect(await send(jwt({ iss: 42 }), "GET", "/app")).toMatchObject({ body: { slug: "releaser" } });
  for (const path of ["/repos/acme/secret/installation", "/orgs/nobody/installation"])
    expect((await send(jwt(), "GET", path)).status).toBe(404);
});

test("an App's key is looked at: who signed, when, and for how long", async () => {
  const now = Math.floor(clock.now().getTime() / 1000);
  const undecodable = "A JSON web token could not be decoded";
  const cases: [string | undefined, number, string][] = [
    [jwt({}, { by: other }), 401, undecodable],
    [jwt({}, { alg: "none" }), 401, undecodable],
    ["a.b.c", 401, undecodable],
    [undefined, 401, undecodable],
    [jobToken({ contents: "write" }), 401, undecodable],
    [jwt({ exp: now + 700 }), 401, "too far in the future"],
    [jwt({ exp: now - 1 }), 401, "'Expiration time' claim ('exp') must be"],
    [jwt({ iat: now + 120 }), 401, "'Issued at' claim ('iat')"],
    [jwt({ iss: undefined }), 401, "'Issuer' claim ('iss')"],
    [jwt({ iss: "7" }), 404, "Integration not found"],
  ];
  for (const [bearer, status, message] of cases) {
    const answer = await send(bearer, "GET", "/repos/acme/shop/installation");
    expect([answer.status, answer.body["message"]]).toEqual([
      status,
      expect.stringContaining(message) as string,
    ]);
  }
  const stale = jwt();
  clock.advance(11 * 60_000);
  expect((await send(stale, "GET", "/app")).status).toBe(401);
});

test("a token has the repositories and permissions asked for, never more than the installation", async () => {
  const path = `/app/installations/${installation}/access_tokens`;
  const narrow = { repositories: ["docs"], permissions: { contents: "write", issues: "read" } };
  const { status, body } = await send(jwt(), "POST", path, narrow);
  expect([status, body]).toMatchObject([
    201,
    {
      expires_at: "2026-03-02T10:00:00Z",
      permissions: { contents: "write", issues: "read", metadata: "read" },
      repositories: [{ full_name: "acme/docs" }],
    },
  ]);
  expect(body["permissions"]).not.toHaveProperty("pull_requests");
  const refused: [object, string][] = [
    [{ repositories: ["secret"] }, "at least one repository"],
    [{ repositories: ["docs", "none"] }, "at least one repository"],
    [{ repository_ids: [1] }, "at least one repository"],
    [{ permissions: { issues: "write" } }, "permissions requested are not granted"],
    [{ permissions: { workflows: "write" } }, "permissions requested are not granted"],
  ];
  for (const [wanted, message] of refused) {
    expect(await send(jwt(), "POST", path, wanted)).toMatchObject({
      status: 422,
      body: { message: expect.stringContaining(message) as string },
    });
  }
  expect((await send(jwt(), "POST", "/app/installations/7/access_tokens", {})).status).toBe(404);
  expect((await send(jobToken({}), "POST", path, {})).status).toBe(401);
});

test("the token acts as the App, where it was made for, for an hour, until it is given back", async () => {
  const token = await appToken({ repositories: ["docs"], permissions: { contents: "write" } });
  const main = docs.ref("refs/heads/main");
  const tag = { ref: "refs/tags/1.0.0", sha: main };
  expect((await send(token, "POST", "/repos/acme/docs/git/refs", tag)).status).toBe(201);
  expect(events.filter((one) => one.event === "push")).toMatchObject([
    { ref: "refs/tags/1.0.0", actor: "releaser[bot]", startsWorkflows: true },
  ]);
  expect(await send(token, "GET", "/installation/repositories")).toMatchObject({
    body: { total_count: 1, repositories: [{ full_name: "acme/docs" }] },
  });
  // The public repository it was not made for: read as by everybody, and not written.
  expect((await send(token, "GET", "/repos/acme/shop/contents/a.txt")).status).toBe(200);
  expect(
    (await send(token, "POST", "/repos/acme/shop/git/refs", { ...tag, sha: first })).status,
  ).toBe(403);
  expect((await send(token, "GET", "/repos/acme/secret")).status).toBe(404);
  expect((await send(token, "POST", "/repos/acme/docs/issues", { title: "t" })).status).toBe(403);

  const whole = await appToken();
  expect((await send(whole, "GET", "/repos/acme/shop/issues")).status).toBe(200);
  expect((await send(whole, "POST", "/repos/acme/shop/issues", { title: "t" })).status).toBe(403);
  expect((await send(whole, "DELETE", "/installation/token")).status).toBe(204);
  expect((await send(whole, "GET", "/repos/acme/shop")).status).toBe(401);
  expect((await send(undefined, "DELETE", "/installation/token")).status).toBe(401);
  clock.advance(3_600_000);
  expect(await send(token, "GET", "/repos/acme/docs")).toMatchObject({
    status: 401,
    body: { message: "Bad credentials" },
  });
});

test("an App's pull request starts workflows, a job's does not, or is not allowed at all", async () => {
  shop.createBranch("a", first, "ada");
  shop.createBranch("b", first, "ada");
  for (const branch of ["a", "b"])
    shop.commit({ branch, message: branch, author: "ada", files: { [branch]: branch } });
  events.length = 0;
  const wish = (head: string) => ({ title: head, head, base: "main" });
  const app = await appToken();
  const job = jobToken({ "pull-requests": "write", contents: "write" });
  expect(await send(app, "POST", "/repos/acme/shop/pulls", wish("a"))).toMatchObject({
    status: 201,
    body: { user: { login: "releaser[bot]", type: "Bot" } },
  });
  shop.actionsMayPropose = false;
  expect(await send(job, "POST", "/repos/acme/shop/pulls", wish("b"))).toMatchObject({
    status: 403,
    body: { message: "GitHub Actions is not permitted to create or approve pull requests." },
  });
  const approval = { event: "APPROVE" };
  expect((await send(job, "POST", "/repos/acme/shop/pulls/1/reviews", approval)).status).toBe(422);
  shop.actionsMayPropose = true;
  expect((await send(job, "POST", "/repos/acme/shop/pulls", wish("b"))).status).toBe(201);
  expect(
    events
      .filter((one) => one.event === "pull_request")
      .map((one) => [one.actor, one.action, one.startsWorkflows]),
  ).toEqual([
    ["releaser[bot]", "opened", true],
    ["github-actions[bot]", "opened", false],
  ]);
});

test("git pushes with an App's token where it may write, and that starts workflows", async () => {
  const token = await appToken({ permissions: { contents: "write" } });
  const remote = (name: string) =>
    `${url.replace("//", `//x-access-token:${token}@`)}/acme/${name}.git`;
  await docs.git(["push", "--quiet", remote("docs"), "main:refs/tags/2.0.0"]);
  expect(events.filter((one) => one.event === "push")).toMatchObject([
    { ref: "refs/tags/2.0.0", actor: "releaser[bot]", startsWorkflows: true },
  ]);
  const reader = await appToken({ permissions: { contents: "read" } });
  await expect(
    docs.git(["push", "--quiet", remote("docs").replace(token, reader), "main:refs/tags/3.0.0"]),
  ).rejects.toThrow("403");
  await expect(
    docs.git(["push", "--quiet", remote("secret"), "main:refs/tags/2.0.0"]),
  ).rejects.toThrow();
});

test("teams are read with members: read in the organization, and never with a job's token", async () => {
  const members = "/orgs/acme/teams/owners/members";
  const token = await appToken();
  expect(await send(token, "GET", members)).toMatchObject({
    status: 200,
    body: [{ login: "bob" }, { login: "ada" }],
  });
  expect(await send(token, "GET", `${members}?role=maintainer`)).toMatchObject({
    body: [{ login: "ada" }],
  });
  expect(await send(token, "GET", "/orgs/acme/teams/owners/memberships/Bob")).toMatchObject({
    status: 200,
    body: { role: "member", state: "active" },
  });
  expect(await send(token, "GET", "/orgs/acme/teams/owners")).toMatchObject({
    body: { slug: "owners", members_count: 2 },
  });
  expect((await send(token, "GET", "/orgs/acme/teams/owners/memberships/eve")).status).toBe(404);
  expect((await send(token, "GET", "/orgs/acme/teams/none/members")).status).toBe(404);
  github.addTeam({ organization: "other", slug: "owners", members: ["bob"] });
  expect((await send(token, "GET", "/orgs/other/teams/owners/members")).status).toBe(404);
  const without = await appToken({ permissions: { contents: "read" } });
  for (const bearer of [without, jobToken({ members: "read" })]) {
    expect(await send(bearer, "GET", members)).toMatchObject({
      status: 403,
      body: { message: "Resource not accessible by integration" },
    });
  }
  expect((await send(undefined, "GET", members)).status).toBe(401);
});

test("a job's token reads other public repositories, and writes none but its own", async () => {
  const job = jobToken({ contents: "write", issues: "write", "pull-requests": "write" });
  const open = github.addRepository({ owner: "acme", name: "open" });
  const sha = open.commit({ branch: "main", message: "m", author: "ada", files: { a: "a" } });
  open.openIssue({ title: "t", by: "ada" });
  const at = "/repos/acme/open";
  for (const path of ["", "/contents/a", "/issues", "/commits", `/compare/${sha}...main`])
    expect((await send(job, "GET", at + path)).status).toBe(200);
  const writes: [string, string, object][] = [
    ["POST", "/git/refs", { ref: "refs/tags/1.0.0", sha }],
    ["POST", "/issues", { title: "t" }],
    ["POST", "/issues/1/comments", { body: "t" }],
    ["PATCH", "/issues/1", { state: "closed" }],
    ["POST", "/pulls", { title: "t", head: "main", base: "main" }],
  ];
  for (const [method, path, body] of writes)
    expect((await send(job, method, at + path, body)).status).toBe(403);
  for (const path of ["", "/issues", "/git/refs"])
    expect((await send(job, "GET", `/repos/acme/docs${path}`)).status).toBe(404);
  expect(docs.directory).not.toBe(shop.directory);
  expect(open.refs("refs/tags/")).toEqual([]);
  expect(open.issues).toMatchObject([{ state: "open", comments: [] }]);
});
