import { expect, test } from "vitest";
import { environmentOf, readPipeline } from "./pipeline-file.ts";

const read = (member: string, gate = "") =>
  readPipeline(
    "release-pipeline.yml",
    `product: CDC
components: [{ name: web, image: registry.example.org/web }]
roles: { owners: [${JSON.stringify(member)}] }
environments: { production: { gate: { approvals: [owners]${gate} } } }
`,
  );

test.each(["olga", "@olga", "renovate[bot]", "@cessda/owners", "@a/b.c_d-e"])(
  "a role is given to %s",
  (member) => {
    expect(read(member).roles["owners"]).toEqual([member]);
  },
);

test.each(["cessda/owners", "@cessda/", "@/owners", "@a/b/c", "@a/../b", "olga smith", "-olga"])(
  "a role is not given to %s",
  (member) => {
    expect(() => read(member)).toThrow("is neither a GitHub login nor a team, @org/team");
  },
);

test("four-eyes is yes or no", () => {
  const gateOf = (text: string) => environmentOf(read("olga", text), "production").gate;
  expect(gateOf(", four-eyes: true")?.["four-eyes"]).toBe(true);
  expect(gateOf("")?.["four-eyes"]).toBeUndefined();
  expect(() => gateOf(", four-eyes: 2")).toThrow("four-eyes");
});
