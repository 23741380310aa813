import { describe, expect, test } from "vitest";
import { matches, refuses } from "./environments.ts";
import { settingGaps, settingsUsed } from "./gaps.ts";
import { fill, milliseconds, valueAt } from "./placeholders.ts";

describe("secrets and variables of a job", () => {
  const workflow = `
on: push
jobs:
  deploy:
    environment: production
    steps:
      - uses: a/b@v1
        with: {key: "\${{ secrets.KEY }}", token: "\${{ secrets.GITHUB_TOKEN }}"}
        env: {OTHER: "\${{ secrets['OTHER'] || 'none' }}", ID: "\${{ vars.ID }}", WHERE: "\${{ vars.WHERE || 'here' }}"}
      - run: echo secrets.NOT_READ
  check:
    steps: [{run: 'true'}]
`;
  test("are those that its expressions read", () => {
    expect(settingsUsed(workflow)).toEqual({
      deploy: { secrets: ["KEY", "OTHER"], vars: ["ID"] },
      check: { secrets: [], vars: [] },
    });
  });

  test("that nobody gives are named with the line to add", () => {
    const [secret, variable, ...more] = settingGaps({
      workflow: ".github/workflows/x.yml",
      job: "deploy",
      uses: { secrets: ["KEY", "OTHER"], vars: ["ID", "KEY"] },
      known: { secrets: ["OTHER"], vars: ["KEY"] },
      environment: "production",
    });
    expect(more).toEqual([]);
    expect(secret?.saw).toContain("Job deploy in .github/workflows/x.yml uses the secret KEY");
    expect(secret?.next).toContain("Add `KEY:` under environments: production: secrets:");
    expect(variable?.saw).toContain(
      "uses the variable ID, which neither the environment production",
    );
    expect(variable?.next).toContain("Add `ID:` under environments: production: vars:");
  });
});

describe("an environment's rule", () => {
  const rule = { branches: ["main", "release/*"], tags: ["[0-9]*"], secrets: {}, vars: {} };
  test.each([
    ["refs/heads/main", true],
    ["refs/heads/release/2", true],
    ["refs/heads/release/2/x", false],
    ["refs/heads/feature", false],
    ["refs/tags/2.4.1", true],
    ["refs/tags/v2.4.1", false],
  ])("%s", (ref, admitted) => {
    expect(refuses("production", rule, ref) === undefined).toBe(admitted);
  });
  test("without a list of tags no tag is admitted, without any list everything", () => {
    expect(refuses("p", { branches: ["main"], secrets: {}, vars: {} }, "refs/tags/1")).toContain(
      'Tag "1" is not allowed',
    );
    expect(refuses("p", { secrets: {}, vars: {} }, "refs/tags/1")).toBeUndefined();
  });
  test("a pattern's own signs are taken as they are", () => {
    expect(matches("v1.0", "v1x0")).toBe(false);
    expect(matches("a+b", "a+b")).toBe(true);
    expect(matches("**", "a/b")).toBe(true);
  });
});

describe("placeholders and paths", () => {
  test("are filled by kind and name", () => {
    expect(fill("${commit:facets} of ${version}", (kind, name) => `<${kind} ${name}>`)).toBe(
      "<commit facets> of <version >",
    );
  });
  test("a path finds its value or nothing", () => {
    const value = { a: [{ "b.c": 1 }] };
    expect(valueAt(value, "$.a[0]['b.c']")).toBe(1);
    expect(valueAt(value, "$.a[1].x")).toBeUndefined();
    expect(valueAt(value, "$.toString")).toBeUndefined();
    expect(() => valueAt(value, "a.b")).toThrow("no path");
  });
  test("durations are milliseconds", () => {
    expect(["90s", "30m", "2h", "7d"].map(milliseconds)).toEqual([
      90_000, 1_800_000, 7_200_000, 604_800_000,
    ]);
  });
});
