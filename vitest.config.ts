import { configDefaults, defineConfig } from "vitest/config";

/** What is run beside the tests of `npm test`: `slow` by `npm run test:slow`, `hostile` by `npm run bad-input`, `peers` by `npm run peers`. */
const others = {
  slow: ["packages/*/src/**/*.slow.test.ts"],
  hostile: ["actions/*/test/hostile/*.test.ts", "packages/*/src/**/hostile-*.test.ts"],
  peers: ["actions/*/test/peers/*.test.ts", "packages/*/src/**/*.peers.test.ts"],
};
const usual = ["packages/*/src/**/*.test.ts", "actions/*/test/**/*.test.ts"];
const kind = process.env["TESTS"];
const isOther = kind === "slow" || kind === "hostile" || kind === "peers";
const conditions = ["source", "node", "import", "default"];

export default defineConfig({
  // Workspace packages are tested from their sources: no build has to be there first.
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    include: isOther ? others[kind] : usual,
    exclude: [
      ...configDefaults.exclude,
      ...(isOther ? [] : ["**/*.slow.test.ts", "**/*.peers.test.ts", "actions/*/test/peers/**"]),
    ],
    globalSetup: kind === "peers" ? ["actions/test-support/boot-control-plane.ts"] : [],
    testTimeout: isOther ? 180_000 : 30_000,
    hookTimeout: 60_000,
    maxConcurrency: 2,
  },
});
