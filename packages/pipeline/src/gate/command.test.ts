import { describe, expect, test } from "vitest";
import { readCommand } from "./command.ts";

const digest = `sha256:${"4b".repeat(32)}`;
const approve = { kind: "approve", version: "2.4.1" };

describe("commands", () => {
  test.each([
    ["/approve 2.4.1", approve],
    ["/approve 2.4.1  ", approve],
    ["/approve\t2.4.1", approve],
    ["/Approve 2.4.1", approve],
    ["/approve 2.4.1\nLooks good to me.", approve],
    ["/approve 2.4.1\r\n/refuse 2.4.1 no", approve],
    [`/approve 2.4.1 ${digest}`, { ...approve, digest }],
    ["/approve 2.4.1 sha256:4b4b4b4", { ...approve, digest: "sha256:4b4b4b4" }],
    ["/approve 2.4.1 for production", { ...approve, environment: "production" }],
    ["/approve 2.4.1 despite #17", { ...approve, despite: 17 }],
    ["/approve 2.4.1 despite #issuecomment-17", { ...approve, despite: 17 }],
    [
      "/approve 2.4.1 despite https://github.com/o/r/issues/7#issuecomment-17",
      { ...approve, despite: 17 },
    ],
    [
      `/approve 2.4.1 ${digest} for production despite #17`,
      { ...approve, digest, environment: "production", despite: 17 },
    ],
    [
      "/approve 2.4.1 despite #17 for production",
      { ...approve, environment: "production", despite: 17 },
    ],
    [
      "/refuse 2.4.1 the search is broken",
      { kind: "refuse", version: "2.4.1", reason: "the search is broken" },
    ],
    ["/refuse 2.4.1 壊れている", { kind: "refuse", version: "2.4.1", reason: "壊れている" }],
    ["/refuse 2.4.1", { kind: "refuse", version: "2.4.1" }],
    ["/refuse 2.4.1 …", { kind: "refuse", version: "2.4.1" }],
    ["/refuse 2.4.1\nthe reason is on the next line", { kind: "refuse", version: "2.4.1" }],
    ["/accept 2.4.1", { kind: "accept", version: "2.4.1" }],
    ["/rollback the index is empty", { kind: "rollback", reason: "the index is empty" }],
    ["/rollback", { kind: "rollback" }],
  ])("%j", (body, command) => {
    expect(readCommand(body)).toEqual(command);
  });
});

describe("no command", () => {
  test.each([
    "",
    "/",
    "/approve",
    " /approve 2.4.1",
    "\n/approve 2.4.1",
    "please /approve 2.4.1",
    "> /approve 2.4.1",
    "`/approve 2.4.1`",
    "/approved 2.4.1",
    "/approve 2.4.1 if the tests pass",
    "/approve 2.4.1 for",
    "/approve 2.4.1 for production staging",
    "/approve 2.4.1 for production for staging",
    "/approve 2.4.1 sha256:4b4b",
    "/approve 2.4.1 despite",
    "/approve 2.4.1 despite 17",
    "/approve 2.4.1 despite #",
    "/approve 2.4.1 despite #x",
    "/approve 2.4.1 despite #1e3",
    "/approve 2.4.1 despite #9999999999999999999",
    "/approve 2.4.1 despite me#17",
    "/approve 2.4.1 despite javascript:#issuecomment-17",
    "/approve 2.4.1 despite https://github.com/o/r/issues#17",
    "/approve 2.4.1 \u202Enoitcudorp rof",
    "/approve 2.4.1\u200B",
    "/approve 2.4.1\u0000",
    `/approve 2.4.1${" ".repeat(5000)}if the tests pass`,
    "/accept",
    "/accept 2.4.1 please",
    "/refuse",
    "/deploy 2.4.1",
  ])("%j", (body) => {
    expect(readCommand(body)).toBeUndefined();
  });
});

test("a reason is made legible, and is never so long that it hides what else is said", () => {
  const command = readCommand(`/refuse 2.4.1 a\u0000b \u202Ec\u{D800} ${"x".repeat(5000)}`);
  expect(command?.kind === "refuse" && command.reason?.slice(0, 8)).toBe("a b c\uFFFD x");
  expect(command?.kind === "refuse" && command.reason?.length).toBe(1000);
});

test.each([
  ["blanks", `/approve ${" ".repeat(60_000)}!`],
  ["words", `/approve ${"for ".repeat(15_000)}`],
  ["marks", `/refuse 2.4.1 ${"#".repeat(60_000)}`],
  ["zero width", `/approve ${"\u200B".repeat(60_000)}`],
])("hostile %s of the longest comment take no time", (_, body) => {
  const from = performance.now();
  for (let round = 0; round < 20; round += 1) readCommand(body);
  expect(performance.now() - from).toBeLessThan(500);
});
