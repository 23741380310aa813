import { expect, onTestFinished, test } from "vitest";
import { listen, movableClock } from "../stand-in.ts";
import { createChatStandIn, type SavedChat } from "./chat-stand-in.ts";

const clock = movableClock(new Date("2026-01-06T10:00:00Z"));
const teams = "/workflows/f00/triggers/manual/paths/invoke";
const [users, old] = ["/services/T01/B01/secret01", "/services/T01/B02/secret02"];
const hooks = { [users]: "users", [old]: "old", [teams]: "team", "/events": "receiver" };

async function start(saved?: SavedChat) {
  const chat = createChatStandIn({ clock, hooks, saved });
  const served = await listen(chat);
  onTestFinished(served.close);
  const post = async (path: string, body: unknown, type = "application/json") => {
    const headers = { "content-type": type };
    const answer = await fetch(served.url + path, {
      method: "POST",
      headers,
      body: JSON.stringify(body),
    });
    return answer.status;
  };
  const happened = (id: string) =>
    post(
      "/events",
      { specversion: "1.0", id, source: "s", type: "t" },
      "application/cloudevents+json",
    );
  return { chat, post, happened };
}

test("a chat goes on from its saved posts, twice and apart", async () => {
  const original = await start();
  await original.post(users, { text: "first", blocks: [] });
  await original.post(teams, { type: "message", attachments: [] });
  await original.happened("1");
  original.chat.archive(old);
  const saved = original.chat.save();
  const { posts, unshown } = structuredClone({
    ...original.chat,
    handle: 0,
    close: 0,
    archive: 0,
    save: 0,
  });
  expect([posts.length, unshown.length]).toEqual([2, 1]);
  await original.post(users, { text: "second" });
  Object.assign(original.chat.posts[0]?.payload ?? {}, { text: "changed" });
  original.chat.archive(users);

  const [one, other] = [await start(saved), await start(saved)];
  expect(one.chat.posts).toEqual(posts);
  expect(one.chat.unshown).toEqual(unshown);
  expect([one.chat.requests, one.chat.faults]).toEqual([[], []]);
  expect(await one.post(old, { text: "in vain" })).toBe(410);
  expect(await one.post(users, { text: "third" })).toBe(200);
  // The event was seen before the moment of saving; another one was not.
  expect(await one.happened("1")).toBe(204);
  expect(await one.happened("2")).toBe(204);
  expect(one.chat.posts.slice(2).map(({ payload }) => payload)).toMatchObject([
    { text: "third" },
    { id: "2" },
  ]);
  expect(other.chat.posts).toEqual(posts);
});
