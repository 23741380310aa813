import { join, resolve } from "node:path";
import { rehearse } from "./command.ts";

const root = resolve(import.meta.dirname, "../../..");

// An exit, and not the signal's own end: containers and folders of the rehearsed worlds are removed at it.
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(130));

process.exitCode = await rehearse(
  process.argv.slice(2),
  {
    actions: { "org/release-actions": join(root, "out/release") },
    pipelines: join(root, "docs/pipelines"),
    reports: join(root, "out/rehearsal"),
  },
  { line: (text) => console.log(text), colour: process.stdout.isTTY === true },
);
