import { describe, expect, it } from "vitest";
import { digestOfImageId, fullImageName, splitImage } from "./image.ts";

const digest = `sha256:${"a".repeat(64)}`;

describe("image references", () => {
  it.each([
    ["web", { name: "web" }],
    ["registry.example.org:5000/team/web", { name: "registry.example.org:5000/team/web" }],
    [
      "registry.example.org:5000/team/web:1.2",
      { name: "registry.example.org:5000/team/web", tag: "1.2" },
    ],
    [
      `registry.example.org/web:1.2@${digest}`,
      { name: "registry.example.org/web", tag: "1.2", digest },
    ],
    [`web@${digest}`, { name: "web", digest }],
  ])("takes %s apart", (reference, parts) => {
    expect(splitImage(reference)).toEqual(parts);
  });

  it.each([
    ["nginx", "docker.io/library/nginx"],
    ["team/web", "docker.io/team/web"],
    ["index.docker.io/nginx", "docker.io/library/nginx"],
    ["localhost/web", "localhost/web"],
    ["registry.example.org/web", "registry.example.org/web"],
  ])("writes %s in full", (short, full) => {
    expect(fullImageName(short)).toBe(full);
  });

  it("finds the digest in every form of imageID", () => {
    expect(digestOfImageId(`docker-pullable://registry.example.org/web@${digest}`)).toBe(digest);
    expect(digestOfImageId(digest)).toBe(digest);
    expect(digestOfImageId("")).toBe("");
  });
});
