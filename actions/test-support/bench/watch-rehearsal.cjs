// Loaded before the rehearsal by --require: leaves in the file BENCH_REPORT where its time went. Looks on and changes nothing.
const { readFileSync, writeFileSync } = require("node:fs");
const childProcess = require("node:child_process");
const { Server } = require("node:http");
const { syncBuiltinESMExports } = require("node:module");

if (process.argv[1]?.endsWith("rehearsal/src/main.ts")) watch();

function watch() {
  const now = () => performance.timeOrigin + performance.now();
  const actions = [];
  const waits = [];
  let [requests, programs] = [0, 0];

  const { spawn } = childProcess;
  childProcess.spawn = (file, options, ...more) => {
    const began = now();
    const child = spawn(file, options, ...more);
    if (/\/release\/[\w-]+\/index\.js$/.test(options?.[0] ?? "")) {
      const action = { began };
      actions.push(action);
      child.once("exit", () => (action.ended = now()));
    } else programs += 1;
    return child;
  };
  syncBuiltinESMExports();

  const { emit } = Server.prototype;
  Server.prototype.emit = function (event, request, ...more) {
    const began = now();
    if (event === "connect") {
      // The first connection of an action's process: until then it was starting.
      const last = actions.at(-1);
      if (last && last.ended === undefined) last.connected ??= began;
    }
    if (event === "request") {
      requests += 1;
      const waiting =
        request.method === "GET" && /\/deployments\/[^/?]+$|[?&]watch=true/.test(request.url);
      if (waiting) more[0].once("close", () => waits.push({ began, ended: now() }));
    }
    return emit.call(this, event, request, ...more);
  };

  process.on("exit", () => {
    const { userCPUTime, systemCPUTime } = process.resourceUsage();
    writeFileSync(
      process.env.BENCH_REPORT,
      JSON.stringify({
        actions: actions.length,
        programs,
        requests,
        inActions: sum(actions.map(({ began, ended = now() }) => ended - began)),
        starting: sum(actions.map(({ began, connected = began }) => connected - began)),
        waiting: sum(joined(waits).map(({ began, ended }) => ended - began)),
        ownCpu: (userCPUTime + systemCPUTime) / 1000,
        childrenCpu: childrenCpu(),
      }),
    );
  });
}

const sum = (values) => values.reduce((total, value) => total + value, 0);

/** Watches, and the looks of who asks again and again, as stretches of time. */
function joined(waits) {
  const pause = 300;
  const stretches = [];
  for (const { began, ended } of waits.toSorted((a, b) => a.began - b.began)) {
    const last = stretches.at(-1);
    if (last && began - last.ended <= pause) last.ended = Math.max(last.ended, ended);
    else stretches.push({ began, ended });
  }
  return stretches;
}

/** Of all children that have ended, with theirs, in milliseconds; Linux counts them in hundredths of a second. */
function childrenCpu() {
  try {
    const fields = readFileSync("/proc/self/stat", "utf8")
      .replace(/^.*\) /, "")
      .split(" ");
    return (Number(fields[13]) + Number(fields[14])) * 10;
  } catch {
    return undefined;
  }
}
