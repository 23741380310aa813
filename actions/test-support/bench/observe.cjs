// Loaded before an action by --require: leaves in the file BENCH_REPORT what its process cost, and with BENCH_LOADS the
// bytes of every file that it loaded. `node -e 0` is measured with it too.
const began = performance.now();
const { statSync, writeFileSync } = require("node:fs");
const { registerHooks } = require("node:module");
const { fileURLToPath } = require("node:url");

const loaded = new Map();
if (process.env.BENCH_LOADS)
  registerHooks({
    load(url, context, next) {
      if (url.startsWith("file:")) loaded.set(url, statSync(fileURLToPath(url)).size);
      return next(url, context);
    },
  });

process.on("exit", () => {
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
  const bytes = [...loaded.values()].reduce((sum, size) => sum + size, 0);
  writeFileSync(
    process.env.BENCH_REPORT,
    JSON.stringify({
      cpu: (userCPUTime + systemCPUTime) / 1000,
      wall: performance.now() - began,
      memory: maxRSS * 1024,
      bytes,
    }),
  );
});
