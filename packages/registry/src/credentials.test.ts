import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { askProgram } from "./credential-program.ts";
import { credentialsFrom, type Credentials } from "./credentials.ts";

const base64 = (text: string): string => Buffer.from(text).toString("base64");

/** What was asked of one configuration, and which secrets were masked for it. */
function open(
  config: unknown,
  more: Partial<Parameters<typeof credentialsFrom>[0]> = {},
): { credentials: Credentials; masked: string[] } {
  const masked: string[] = [];
  const credentials = credentialsFrom({
    dockerConfig: config === undefined ? undefined : JSON.stringify(config),
    hosts: [],
    env: {},
    mask: (secret) => masked.push(secret),
    ...more,
  });
  return { credentials, masked };
}

/** A folder for PATH with `docker-credential-<name>`, a program of Node that notes each question in `asked`. */
function install(name: string, body: string): { env: Record<string, string>; asked(): string[] } {
  const folder = mkdtempSync(join(tmpdir(), "credential program "));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, `docker-credential-${name}`);
  const log = join(folder, "asked");
  const program = `#!${process.execPath}
const fs = require("node:fs");
let server = "";
process.stdin.on("data", (bytes) => (server += bytes)).on("end", () => {
  fs.appendFileSync(${JSON.stringify(log)}, JSON.stringify([process.argv.slice(2), server]) + "\\n");
  ${body}
});
`;
  writeFileSync(path, program);
  chmodSync(path, 0o755);
  return {
    env: {
      PATH: `${folder}${delimiter}/usr/bin`,
      INPUT_TOKEN: "of-the-action",
      HOME: "/home/runner",
    },
    asked: () =>
      existsSync(log) ? readFileSync(log, "utf8").trim().split("\n").filter(Boolean) : [],
  };
}

describe("config.json", () => {
  const config = {
    auths: {
      "https://index.docker.io/v1/": { auth: base64("hub:se:cret") },
      "https://index.docker.io/v1/access-token": { auth: base64("hub:other") },
      "ghcr.io": { auth: base64("octo:token\0\0") },
      "https://quay.io/v2/": { auth: base64("quay:long") },
      "quay.io": { username: "quay", password: "short" },
      "example.azurecr.io": { auth: base64("00000000:"), identitytoken: "identity" },
      "tokened.example.org": { auth: base64("a:b"), registrytoken: "bearer" },
      "odd.example.org": { auth: base64("nocolon") },
      "empty.example.org": {},
    },
  };

  test.each([
    ["docker.io", { username: "hub", password: "se:cret" }],
    ["index.docker.io", { username: "hub", password: "se:cret" }],
    ["ghcr.io", { username: "octo", password: "token" }],
    ["GHCR.io", { username: "octo", password: "token" }],
    ["quay.io", { username: "quay", password: "short" }],
    ["example.azurecr.io", { identityToken: "identity" }],
    ["tokened.example.org", { registryToken: "bearer" }],
    ["empty.example.org", undefined],
    ["other.example.org", undefined],
    ["ghcr.io:443", undefined],
  ])("%s", async (host, login) => {
    const { credentials, masked } = open(config);
    expect(await credentials(host)).toEqual(login);
    for (const [name, text] of Object.entries(login ?? {}))
      if (name !== "username") expect(masked).toContain(text);
    expect(masked.length > 0).toBe(login !== undefined);
  });

  test("a login without a user name is named, not guessed", async () => {
    await expect(open(config).credentials("odd.example.org")).rejects.toThrow(
      /RA2002.*odd\.example\.org.*no user name/,
    );
  });

  test("the inputs go before it, and only to the hosts they are for", async () => {
    const { credentials } = open(config, {
      username: "me",
      password: "mine",
      hosts: ["registry.example.org", "index.docker.io"],
    });
    const mine = { username: "me", password: "mine" };
    expect(await credentials("registry.example.org")).toEqual(mine);
    expect(await credentials("docker.io")).toEqual(mine);
    expect(await credentials("ghcr.io")).toEqual({ username: "octo", password: "token" });
    expect(await credentials("other.example.org")).toBeUndefined();
    const empty = open(config, { username: "", password: "", hosts: ["ghcr.io"] });
    expect(await empty.credentials("ghcr.io")).toEqual({ username: "octo", password: "token" });
  });

  test("a broken file is refused without showing any of it", () => {
    let refusal: unknown;
    try {
      open(undefined, { dockerConfig: '{"auths": hunter2' });
    } catch (error) {
      refusal = error;
    }
    expect(refusal).toMatchObject({ code: "RA2002" });
    expect(String(refusal)).not.toContain("hunter2");
    expect((refusal as Error).cause).toBeUndefined();
  });

  test.each([undefined, [], "text", { auths: [], credHelpers: 1, credsStore: {} }])(
    "%j holds no login",
    async (config) => {
      expect(await open(config).credentials("ghcr.io")).toBeUndefined();
    },
  );
});

describe("a credential program", () => {
  const answer = (username: string, secret: string): string =>
    `console.log(JSON.stringify({ ServerURL: server, Username: ${JSON.stringify(username)}, Secret: ${JSON.stringify(secret)} }));`;

  test("is asked for its hosts alone, once each, without a shell and without the action's inputs", async () => {
    const { env, asked } = install(
      "team",
      `if (process.env.INPUT_TOKEN || process.env.HOME !== "/home/runner") process.exit(3);\n${answer("robot", "s3cret-of-the-team")}`,
    );
    const { credentials, masked } = open(
      {
        auths: { "ghcr.io": { auth: base64("octo:token") } },
        credHelpers: { "registry.example.org:5000": "team", "docker.io": "team" },
      },
      { env },
    );
    expect(await credentials("ghcr.io")).toEqual({ username: "octo", password: "token" });
    expect(await credentials("registry.example.org")).toBeUndefined();
    expect(asked()).toEqual([]);
    const login = { username: "robot", password: "s3cret-of-the-team" };
    const both = [1, 2].map(async () => credentials("registry.example.org:5000"));
    expect(await Promise.all(both)).toEqual([login, login]);
    expect(await credentials("docker.io")).toEqual(login);
    expect(asked()).toEqual([
      '[["get"],"registry.example.org:5000"]',
      '[["get"],"https://index.docker.io/v1/"]',
    ]);
    expect(masked).toContain("s3cret-of-the-team");
  });

  test("a host's own program goes before its login in the file, and that before the store", async () => {
    const { env, asked } = install("store", answer("stored", "s"));
    const { credentials } = open(
      {
        auths: {
          "ghcr.io": { auth: base64("octo:token") },
          "own.example.org": { auth: base64("file:file") },
          "https://stored.example.org": {},
        },
        credsStore: "store",
        credHelpers: { "own.example.org": "store" },
      },
      { env },
    );
    expect(await credentials("ghcr.io")).toEqual({ username: "octo", password: "token" });
    expect(await credentials("own.example.org")).toEqual({ username: "stored", password: "s" });
    expect(await credentials("stored.example.org")).toEqual({ username: "stored", password: "s" });
    expect(await credentials("never.example.org")).toEqual({ username: "stored", password: "s" });
    expect(asked().map((line) => (JSON.parse(line) as string[])[1])).toEqual([
      "own.example.org",
      "https://stored.example.org",
      "never.example.org",
    ]);
  });

  test("an identity token has a user name of its own", async () => {
    const { env } = install("acr", answer("<token>", "identity"));
    const { credentials, masked } = open({ credHelpers: { "x.azurecr.io": "acr" } }, { env });
    expect(await credentials("x.azurecr.io")).toEqual({ identityToken: "identity" });
    expect(masked).toEqual(["identity"]);
  });

  test.each([
    ["knows no login", `console.log("credentials not found in native keychain"); process.exit(1);`],
    ["has an empty one", `console.log('{"Username":"","Secret":""}');`],
  ])("that %s leaves us a stranger", async (_title, body) => {
    const { env } = install("none", body);
    expect(await open({ credsStore: "none" }, { env }).credentials("ghcr.io")).toBeUndefined();
  });

  test.each([
    [
      "says why",
      `console.log("token\\n::error::expired"); process.exit(1);`,
      /exit code 1: token ::error::expired\)/,
    ],
    [
      "says nothing",
      `process.exit(4);`,
      /docker-credential-broken gave no login of ghcr\.io \(exit code 4\)/,
    ],
    ["writes too much", `process.stdout.write("x".repeat(200_000));`, /it wrote too much/],
    [
      "writes its secret in another form",
      `console.log('{"password": "hunter2"}');`,
      /form that is not its protocol's/,
    ],
    ["writes no JSON", `console.log("hunter2");`, /form that is not its protocol's/],
  ])("that fails and %s is a fault", async (_title, body, saw) => {
    const { env } = install("broken", body);
    const login = open({ credsStore: "broken" }, { env }).credentials("ghcr.io");
    await expect(login).rejects.toMatchObject({ code: "RA2002" });
    await expect(login).rejects.toThrow(saw);
    await expect(login).rejects.not.toThrow(/hunter2/);
  });

  test("that does not end is ended", async () => {
    const { env } = install("slow", `setInterval(() => undefined, 1000);`);
    const login = askProgram({ name: "slow", server: "ghcr.io", env, timeout: 1_500 });
    await expect(login).rejects.toThrow(/RA2002.*no answer within 1\.5 s/);
  });

  test("that is not there is a fault that names it", async () => {
    const login = open({ credsStore: "desktop" }, { env: { PATH: "/nowhere" } }).credentials(
      "a.io",
    );
    await expect(login).rejects.toThrow(/RA2002.*docker-credential-desktop.*not on PATH/);
  });

  test.each(["../evil", "a/b", "-x", "", "a b", "a\n", "$(id)", "x".repeat(101)])(
    "the name %j is not run",
    async (name) => {
      const credentials = open({ credHelpers: { "ghcr.io": name } }, { env: { PATH: "/bin" } });
      const login = Promise.resolve(credentials.credentials("ghcr.io"));
      if (name === "") expect(await login).toBeUndefined();
      else await expect(login).rejects.toThrow(/RA2002.*name that cannot be one/);
    },
  );
});
