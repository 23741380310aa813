import { defineConfig } from "vitest/config";

export default defineConfig({
  // Workspace packages are tested from their sources: no build has to be there first.
  resolve: { conditions: ["source", "node", "import", "default"] },
  ssr: { resolve: { conditions: ["source", "node", "import", "default"], externalConditions: ["source", "node", "import", "default"] } },
  test: {
    include: ["packages/*/src/**/*.test.ts", "actions/*/test/**/*.test.ts"],
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
