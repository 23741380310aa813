import { afterEach, describe, expect, test } from "vitest";
import { listen, movableClock } from "../stand-in.ts";
import { createChatStandIn } from "./chat-stand-in.ts";

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

const slack = "/services/T01/B01/secret01";
const teams = "/workflows/f00/triggers/manual/paths/invoke?api-version=1&sig=s3cret";

async function start() {
  const chat = createChatStandIn({
    clock: movableClock(new Date("2026-01-06T10:00:00Z")),
    hooks: { [slack]: "users", [teams]: "team", "/events": "receiver" },
  });
  const served = await listen(chat);
  closers.push(served.close);
  const post = async (path: string, body: unknown, type = "application/json") => {
    const answer = await fetch(served.url + path, {
      method: "POST",
      headers: { "content-type": type },
      body: typeof body === "string" ? body : JSON.stringify(body),
    });
    return { status: answer.status, text: await answer.text() };
  };
  return { chat, post, url: served.url };
}

const text = (words: string, type = "mrkdwn") => ({ type, text: words });
const section = (fields: unknown[]) => ({ blocks: [{ type: "section", fields }] });

describe("Slack", () => {
  test.each<[string, unknown, number, string]>([
    ["a text", { text: "hello" }, 200, "ok"],
    ["no JSON", "{", 400, "invalid_payload"],
    ["a list", [], 400, "invalid_payload"],
    ["nothing to show", { text: " " }, 400, "no_text"],
    ["empty blocks", { blocks: [] }, 400, "no_text"],
    ["ten fields", section(Array.from({ length: 10 }, () => text("x".repeat(2000)))), 200, "ok"],
    ["eleven fields", section(Array.from({ length: 11 }, () => text("x"))), 400, "invalid_blocks"],
    ["no field", section([]), 400, "invalid_blocks"],
    ["a long field", section([text("x".repeat(2001))]), 400, "invalid_blocks"],
    ["an empty field", section([text("")]), 400, "invalid_blocks"],
    ["an unknown block", { blocks: [{ type: "table-of-mine" }] }, 400, "invalid_blocks"],
    [
      "a header",
      { blocks: [{ type: "header", text: text("x".repeat(150), "plain_text") }] },
      200,
      "ok",
    ],
    [
      "a long header",
      { blocks: [{ type: "header", text: text("x".repeat(151), "plain_text") }] },
      400,
      "invalid_blocks",
    ],
    [
      "a header with mrkdwn",
      { blocks: [{ type: "header", text: text("x") }] },
      400,
      "invalid_blocks",
    ],
    [
      "51 blocks",
      { blocks: Array.from({ length: 51 }, () => ({ type: "divider" })) },
      400,
      "invalid_blocks",
    ],
    ["a context", { blocks: [{ type: "context", elements: [text("x")] }] }, 200, "ok"],
    [
      "verbatim in plain text",
      section([{ ...text("x", "plain_text"), verbatim: true }]),
      400,
      "invalid_blocks",
    ],
  ])("answers %s", async (_name, body, status, words) => {
    const { chat, post } = await start();
    expect(await post(slack, body)).toEqual({ status, text: words });
    expect(chat.posts).toHaveLength(status === 200 ? 1 : 0);
    expect(chat.requests.filter(({ wrote }) => wrote)).toHaveLength(status === 200 ? 1 : 0);
  });

  test("knows its hooks", async () => {
    const { chat, post } = await start();
    expect(await post("/services/T01/B01/wrong", { text: "x" })).toEqual({
      status: 403,
      text: "invalid_token",
    });
    expect(await post("/services/T09/B09/x", { text: "x" })).toEqual({
      status: 404,
      text: "no_service",
    });
    chat.archive(slack);
    expect(await post(slack, { text: "x" })).toEqual({ status: 410, text: "channel_is_archived" });
    expect(chat.posts).toEqual([]);
  });

  test("takes a form, and no GET", async () => {
    const { chat, post, url } = await start();
    const form = `payload=${encodeURIComponent(JSON.stringify({ text: "hello" }))}`;
    expect((await post(slack, form, "application/x-www-form-urlencoded")).status).toBe(200);
    expect((await fetch(url + slack)).status).toBe(405);
    expect(chat.posts).toMatchObject([{ hook: "users", payload: { text: "hello" } }]);
  });

  test("delivers before a fault after delivery, and not before one before it", async () => {
    const { chat, post } = await start();
    chat.faults.push(
      { matches: () => true, when: "after", does: { status: 500 } },
      { matches: () => true, when: "before", does: { status: 503 } },
    );
    expect((await post(slack, { text: "one" })).status).toBe(500);
    expect((await post(slack, { text: "two" })).status).toBe(503);
    expect(chat.posts.map(({ payload }) => payload)).toEqual([{ text: "one" }]);
  });
});

const message = (content: unknown) => ({
  type: "message",
  attachments: [{ contentType: "application/vnd.microsoft.card.adaptive", content }],
});
const card = { type: "AdaptiveCard", version: "1.4", body: [{ type: "TextBlock", text: "hello" }] };

describe("Teams", () => {
  test("accepts a card, and shows it", async () => {
    const { chat, post } = await start();
    expect(await post(teams, message(card))).toEqual({ status: 202, text: "" });
    expect(chat.posts.map(({ hook }) => hook)).toEqual(["team"]);
  });

  test.each<[string, string, unknown, number, string]>([
    ["no JSON", teams, "{", 400, "InvalidRequestContent"],
    ["another message", teams, { text: "x" }, 400, "TriggerInputSchemaMismatch"],
    [
      "a wrong signature",
      teams.replace("s3cret", "x"),
      message(card),
      401,
      "DirectApiAuthorizationRequired",
    ],
    ["an unknown flow", "/workflows/none", message(card), 404, "WorkflowNotFound"],
  ])("refuses %s", async (_name, path, body, status, code) => {
    const { chat, post } = await start();
    const answer = await post(path, body);
    expect(answer.status).toBe(status);
    expect(JSON.parse(answer.text)).toMatchObject({ error: { code } });
    expect(chat.posts).toEqual([]);
  });

  test.each<[string, unknown]>([
    ["too large a card", { ...card, body: [{ type: "TextBlock", text: "x".repeat(30_000) }] }],
    ["a newer card", { ...card, version: "1.6" }],
    ["a card without body", { ...card, body: [] }],
    ["a block without text", { ...card, body: [{ type: "TextBlock" }] }],
  ])("takes %s and never shows it", async (_name, content) => {
    const { chat, post } = await start();
    expect((await post(teams, message(content))).status).toBe(202);
    expect(chat.posts).toEqual([]);
    expect(chat.unshown).toHaveLength(1);
  });
});

test("a receiver takes an event once, by source and id", async () => {
  const { chat, post } = await start();
  const event = { specversion: "1.0", id: "1", source: "/a", type: "t" };
  const type = "application/cloudevents+json; charset=utf-8";
  for (const body of [event, event, { ...event, id: "2" }, { ...event, source: "/b" }])
    expect((await post("/events", body, type)).status).toBe(204);
  expect(chat.posts).toHaveLength(3);
  expect((await post("/events", { ...event, id: "" }, type)).status).toBe(400);
  expect((await post("/events", { ...event, specversion: "0.3" }, type)).status).toBe(400);
  expect((await post("/events", "{", type)).status).toBe(400);
  expect((await post("/other", event, type)).status).toBe(404);
});
