import { configDefaults, defineConfig } from "vitest/config";

/** Tests of minutes have names of their own and are run by `npm run test:slow`. */
const slow = process.env["SLOW_TESTS"] === "true";
const conditions = ["source", "node", "import", "default"];

export default defineConfig({
  // Workspace packages are tested from their sources: no build has to be there first.
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    include: slow
      ? ["packages/*/src/**/*.slow.test.ts", "actions/*/test/*.slow.test.ts"]
      : ["packages/*/src/**/*.test.ts", "actions/*/test/**/*.test.ts"],
    exclude: [...configDefaults.exclude, ...(slow ? [] : ["**/*.slow.test.ts"])],
    testTimeout: slow ? 180_000 : 30_000,
    hookTimeout: 60_000,
    maxConcurrency: 2,
  },
});
