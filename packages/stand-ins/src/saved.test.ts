import { expect, test } from "vitest";
import { deepCopy, seal, unseal } from "./saved.ts";

test("what was saved is no part of the original nor of what is restored", () => {
  const bytes = Buffer.from("a");
  const owner = { login: "ada" };
  const state = {
    owner,
    owners: new Map([["ada", owner]]),
    names: new Set(["a"]),
    list: [{ at: new Date(0), none: undefined }],
    bytes,
  };
  const saved = seal(state);
  owner.login = "eve";
  state.names.add("b");
  state.list[0]?.at.setTime(1);
  const [one, other] = [unseal(saved), unseal(saved)];
  one.owner.login = "bob";
  one.list.push({ at: new Date(2), none: undefined });
  expect(other).toStrictEqual({
    owner: { login: "ada" },
    owners: new Map([["ada", { login: "ada" }]]),
    names: new Set(["a"]),
    list: [{ at: new Date(0), none: undefined }],
    bytes,
  });
  expect(one.owners.get("ada")).toBe(one.owner);
  expect(one.bytes).toBe(bytes);
});

test("what is no data is not saved by half", () => {
  expect(() => deepCopy({ act: () => 1 })).toThrow("a function cannot be saved");
  expect(() => deepCopy([new URL("https://example.org")])).toThrow("a URL cannot be saved");
});
