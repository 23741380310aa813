import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, test } from "vitest";
import { refusesInputs } from "../../test-support/bad-inputs.ts";
import { configure, recordPass, release } from "../../test-support/shop.ts";
import { openStage } from "../../test-support/stage.ts";

/** A site that answers what it is told to; `asked` counts its requests. */
async function site(
  answer: (request: IncomingMessage, response: ServerResponse, count: number) => void,
) {
  let count = 0;
  const server = createServer((request, response) => answer(request, response, (count += 1)));
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/shop/`,
    asked: () => count,
    [Symbol.dispose]: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

const says = (body: unknown) => (_: IncomingMessage, response: ServerResponse) => {
  response.setHeader("content-type", "application/json");
  response.end(JSON.stringify(body));
};

describe.concurrent("without the file", () => {
  test("checks and identity hold: passed, with a JUnit file, and GitHub is not asked", async () => {
    await using stage = await openStage();
    using shop = await site(says({ version: "1.2.3", open: true }));
    const end = await stage.run("smoke-test", {
      inputs: {
        config: "",
        url: shop.url,
        version: "1.2.3",
        identity: "get: health\njson: {$.version: '${version}'}",
        checks:
          "- name: the shop is open\n  get: health\n  json: {$.open: true}\n- get: health\n  p95: 2000ms of 5",
      },
    });
    expect(end.status).toBe(0);
    expect(end.outputs).toMatchObject({
      passed: "true",
      p95: expect.stringMatching(/^\d+$/) as string,
    });
    expect(end.outputs["report"]).toMatch(/smoke-test\.xml$/);
    expect(end.left("smoke-test.xml")).toMatch(/<testsuites?[^]*the shop is open/);
    expect(end.left("smoke-test.xml")).not.toContain("<failure");
    expect(shop.asked()).toBe(7);
    expect(stage.github.requests).toEqual([]);
  });

  test("a wrong answer fails before the deadline, and says what was seen", async () => {
    await using stage = await openStage();
    using shop = await site(says({ open: "<b>no</b>" }));
    const end = await stage.run("smoke-test", {
      inputs: {
        config: "",
        url: shop.url,
        checks: "- name: open\n  get: /\n  json: {$.open: true}",
        deadline: "1s",
      },
    });
    expect(end.status).toBe(1);
    expect(end.outputs["passed"]).toBe("false");
    expect(end.annotations[0]?.message).toMatch(
      /^RA4001 open: saw .*<b>no<\/b>.*expected \$\.open is true/,
    );
    expect(end.annotations[0]?.message).not.toContain(".. Next");
    expect(end.summary).not.toContain("<b>");
    expect(end.left("smoke-test.xml")).toContain("&#60;b&#62;no&#60;/b&#62;");
  });

  test("an old build behind the address is no pass: the other checks are not asked", async () => {
    await using stage = await openStage();
    using shop = await site(says({ version: "1.0.0", open: true }));
    const end = await stage.run("smoke-test", {
      tag: (await release(stage, "1.1.0")).version,
      inputs: {
        config: "",
        url: shop.url,
        identity: "get: /\njson: {$.version: '${version}'}",
        checks: "[{get: /}]",
        deadline: "3s",
      },
    });
    expect(end.status).toBe(1);
    expect(end.reasons).toMatchObject([
      {
        rule: "identity",
        holds: false,
        code: "RA4005",
        saw: expect.stringMatching(/1\.0\.0.*1\.1\.0/) as string,
      },
      { rule: "smoke", holds: false, code: "RA4006" },
    ]);
  });

  test("a service that is starting is asked again; settle wants passes in a row", async () => {
    await using stage = await openStage();
    using shop = await site((request, response, count) => {
      if (count === 1) response.statusCode = 503;
      says({})(request, response);
    });
    const end = await stage.run("smoke-test", {
      inputs: {
        config: "",
        url: shop.url,
        checks: "[{name: up, get: /}]",
        settle: "2",
        deadline: "10s",
      },
    });
    expect(end.status).toBe(0);
    expect(shop.asked()).toBe(3);
  });

  test("a service that never answers ends at the one deadline of all checks", async () => {
    await using stage = await openStage();
    using shop = await site(() => undefined);
    const end = await stage.run("smoke-test", {
      inputs: {
        config: "",
        url: shop.url,
        checks: "[{name: a, get: /a}, {name: b, get: /b}, {name: c, get: /c}]",
        deadline: "1s",
      },
    });
    expect(end.status).toBe(1);
    expect(end.reasons.filter(({ holds }) => !holds)).toHaveLength(3);
  });

  test("checks may be a path at the released commit", async () => {
    await using stage = await openStage();
    await release(stage, "1.0.0");
    using shop = await site(says({ open: true }));
    const end = await stage.run("smoke-test", {
      tag: "1.0.0",
      inputs: { config: "", url: shop.url, checks: "deploy/checks.yml" },
    });
    expect(end.status).toBe(0);
    expect(end.reasons[0]?.saw).toContain("answers");
  });
});

test.concurrent("with the file: the environment's checks, and every ready pod asked for its digest", async () => {
  await using stage = await openStage();
  configure(stage);
  const first = await release(stage, "1.0.0");
  const inputs = { environment: "staging", kubeconfig: stage.kubeconfig };
  await stage.run("deploy-env", { tag: "1.0.0", dockerLogin: true, inputs });
  recordPass(stage, first, "staging");
  const writes = stage.writes().length;
  const end = await stage.run("smoke-test", { tag: "1.0.0", dockerLogin: true, inputs });
  expect(end.status).toBe(0);
  expect(end.reasons.map(({ rule }) => rule)).toEqual(["identity", "identity", "smoke"]);

  const next = await release(stage, "1.1.0");
  const old = await stage.run("smoke-test", {
    tag: "1.1.0",
    dockerLogin: true,
    inputs: { ...inputs, deadline: "1s" },
  });
  expect(old.status).toBe(1);
  expect(old.reasons[0]).toMatchObject({
    rule: "identity",
    holds: false,
    code: "RA3115",
    saw: expect.stringContaining(next.digest) as string,
  });
  expect(stage.writes()).toHaveLength(writes);
});

const url = "http://127.0.0.1:1/";
refusesInputs("smoke-test", [
  [
    "neither checks nor a file",
    { inputs: { config: "", url } },
    "RA1001",
    /`checks` (is|are) not given/,
  ],
  [
    "no url",
    { inputs: { config: "", checks: "[{get: /}]" } },
    "RA1001",
    /`url` (is|are) not given/,
  ],
  [
    "no file in the repository",
    { inputs: { environment: "staging" } },
    "RA1101",
    /release-pipeline\.yml/,
  ],
  [
    "no checks in the list",
    { inputs: { config: "", url, checks: "[]" } },
    "RA1001",
    /there are no checks/,
  ],
  [
    "checks that are no YAML",
    { inputs: { config: "", url, checks: "[{get: /" } },
    "RA1102",
    /checks/,
  ],
  [
    "a check with an unknown key",
    { inputs: { config: "", url, checks: "[{gett: /}]" } },
    "RA1103",
    /gett/,
  ],
  [
    "an identity with an unknown key",
    { inputs: { config: "", url, checks: "[{get: /}]", identity: "statsu: 200" } },
    "RA1103",
    /statsu/,
  ],
  [
    "a path that is not there",
    { inputs: { config: "", url, checks: "gone.yml" } },
    "RA5004",
    /gone\.yml does not exist/,
  ],
  [
    "a deadline of another form",
    { inputs: { config: "", url, checks: "[{get: /}]", deadline: "10 minutes" } },
    "RA1002",
    /`deadline` is "10 minutes"/,
  ],
  [
    "a settle that is no number",
    { inputs: { config: "", url, checks: "[{get: /}]", settle: "two" } },
    "RA1002",
    /`settle` is "two"; it takes a whole number/,
  ],
  [
    "a settle of 0",
    { inputs: { config: "", url, checks: "[{get: /}]", settle: "0" } },
    "RA1002",
    /`settle` is 0; it takes 1 to 100/,
  ],
]);
