import { describe, expect, test } from "vitest";
import { settleTags, type TagWish } from "./image-tags.ts";

const digest = (letter: string) => `sha256:${letter.repeat(64)}`;
const at = (seconds: number) => ({ at: new Date(seconds * 1000), zone: "UTC" });

/** A registry that knows tags only, and counts what it is asked. */
function registryOf(tags: Record<string, string>) {
  const asked: string[] = [];
  return {
    asked,
    tags: async () => {
      asked.push("tags");
      return Object.keys(tags);
    },
    resolve: async ({ tag }: { tag?: string }) => {
      asked.push(tag ?? "");
      return tags[tag ?? ""];
    },
  };
}

const wish = (letter: string, templates: string[], repository = "web"): TagWish => ({
  target: { host: "registry.example.org", repository },
  digest: digest(letter),
  templates,
  values: { environment: "prod", commit: letter.repeat(40), "short-sha": letter.repeat(7) },
});

describe("tags with a time", () => {
  test("are made now where the digest has none, and nothing is asked where no template holds a time", async () => {
    const registry = registryOf({ "prod-aaaaaaa-100": digest("b") });
    const now = { otherwise: at(200) };
    expect(
      await settleTags(registry, [wish("a", ["${environment}-${short-sha}-${unix}"])], now),
    ).toEqual([["prod-aaaaaaa-200"]]);
    expect(registry.asked).toEqual(["tags", "prod-aaaaaaa-100"]);
    registry.asked.length = 0;
    expect(await settleTags(registry, [wish("a", ["${environment}"])], now)).toEqual([["prod"]]);
    expect(registry.asked).toEqual([]);
  });

  test("are left out where there is neither a tag nor a time", async () => {
    expect(await settleTags(registryOf({}), [wish("a", ["x-${unix}", "${environment}"])])).toEqual([
      ["prod"],
    ]);
  });

  test("are the newest that the digest has; one of a date alone counts as it is", async () => {
    const registry = registryOf({
      "prod-100": digest("a"),
      "prod-300": digest("b"),
      "prod-200": digest("a"),
      "day-2026-01-06": digest("a"),
      "day-2026-01-07": digest("b"),
    });
    const templates = ["prod-${unix}", "day-${date}", "new-${unix}"];
    expect(await settleTags(registry, [wish("a", templates)], { otherwise: at(999) })).toEqual([
      ["prod-200", "day-2026-01-06", "new-200"],
    ]);
  });

  test("of several images are of one time when the run was started again, and only then", async () => {
    const registry = registryOf({ "prod-aaaaaaa-100": digest("a") });
    const templates = ["${environment}-${short-sha}-${unix}"];
    const images = [wish("a", templates), wish("b", templates, "api")];
    const otherwise = at(500);
    expect(await settleTags(registry, images, { otherwise, resuming: true })).toEqual([
      ["prod-aaaaaaa-100"],
      ["prod-bbbbbbb-100"],
    ]);
    expect(await settleTags(registry, images, { otherwise })).toEqual([
      ["prod-aaaaaaa-100"],
      ["prod-bbbbbbb-500"],
    ]);
  });

  test("of thousands of promotions cost a bounded number of questions", async () => {
    const tags = Object.fromEntries(
      Array.from({ length: 5000 }, (_, index) => [`prod-${index}`, digest("b")]),
    );
    const registry = registryOf(tags);
    expect(
      await settleTags(registry, [wish("a", ["prod-${unix}"])], { otherwise: at(9999) }),
    ).toEqual([["prod-9999"]]);
    expect(registry.asked).toHaveLength(1 + 96);
    expect(registry.asked[1]).toBe("prod-4999");
  });
});
