import { readdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { expect, test } from "vitest";
import { serveRegistry } from "./serve.ts";
import { sha256 } from "./image.ts";

/** Serves until `end`, which gives the exit code. */
async function serve(...args: string[]) {
  const ended = new AbortController();
  const lines: string[] = [];
  const errors: string[] = [];
  let listening = (): void => {};
  const ready = new Promise<void>((resolve) => (listening = resolve));
  const done = serveRegistry(
    args,
    {
      line: (text) => {
        lines.push(text);
        listening();
      },
      error: (text) => errors.push(text),
    },
    ended.signal,
  );
  await Promise.race([ready, done]);
  const end = (): Promise<number> => {
    ended.abort();
    return done;
  };
  return { url: lines[0] ?? "", lines, errors, end };
}

const folders = async () =>
  (await readdir(tmpdir())).filter((name) => name.startsWith("registry-")).toSorted();

test("it prints one line, its address, serves there, and ends when it is told to", async () => {
  const { url, lines, end } = await serve();
  expect(lines).toEqual([expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/)]);
  expect((await fetch(`${url}/v2/`)).status).toBe(200);
  expect(await end()).toBe(0);
  await expect(fetch(`${url}/v2/`)).rejects.toThrow("fetch failed");
});

test("a profile, an account and the strangers' right", async () => {
  const args = ["--profile", "ghcr", "--auth", "basic", "--user", "me:p:w"];
  const { url, end } = await serve(...args);
  const get = (path: string, user?: string) =>
    fetch(url + path, {
      headers: user ? { authorization: `Basic ${Buffer.from(user).toString("base64")}` } : {},
    });
  const referrers = `/v2/a/referrers/${sha256("")}`;
  expect((await get("/v2/")).status).toBe(401);
  expect((await get("/v2/", "me:p:w")).status).toBe(200);
  expect((await get(referrers, "me:p:w")).status).toBe(404);
  await end();
  const open = await serve(...args, "--anonymous");
  expect((await fetch(`${open.url}/v2/a/manifests/x`)).status).toBe(404);
  await open.end();
});

test("blobs on disk are in a folder that goes when it ends", async () => {
  const before = await folders();
  const { url, end } = await serve("--on-disk");
  const [folder, ...others] = (await folders()).filter((name) => !before.includes(name));
  expect(others).toEqual([]);
  const path = `${url}/v2/a/blobs/uploads/?digest=${sha256("x")}`;
  expect((await fetch(path, { method: "POST", body: "x" })).status).toBe(201);
  expect(await readdir(`${tmpdir()}/${folder}`)).toHaveLength(1);
  expect(await (await fetch(`${url}/v2/a/blobs/${sha256("x")}`)).text()).toBe("x");
  await end();
  expect(await folders()).toEqual(before);
});

test("a port that is taken is said", async () => {
  const one = await serve();
  const other = await serve("--port", new URL(one.url).port);
  expect(other.errors).toEqual([expect.stringContaining("EADDRINUSE")]);
  expect(await other.end()).toBe(1);
  await one.end();
});

test.each([
  [["--help"], 0, ""],
  [["--profile", "gar"], 2, "There is no profile gar."],
  [["--auth", "digest", "--user", "a:b"], 2, "--auth is basic or bearer"],
  [["--auth", "basic"], 2, "--auth and --user belong together."],
  [["--user", "a:b"], 2, "--auth and --user belong together."],
  [["--auth", "basic", "--user", "a"], 2, "--user is NAME:PASSWORD."],
  [["--port", "x"], 2, "--port x is not a port."],
  [["--colour"], 2, "--colour"],
])("%j ends with %i", async (args, code, said) => {
  const { lines, errors, end } = await serve(...args);
  expect(await end()).toBe(code);
  const [text = ""] = code === 0 ? lines : errors;
  expect(text).toContain(said);
  expect(text).toContain("--profile NAME");
});
