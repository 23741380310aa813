import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const usage = `release-actions <command>

rehearse [<folder>] [--scenario NAME] [--report FILE.json] [--list]
           run the workflows of a folder with a rehearsal.yml on embedded stand-ins; default: this folder
stand-in registry [--help]
           serve a container registry on 127.0.0.1 for tests of your own`;

process.exitCode = await main(process.argv.slice(2));

/** The command line of the release tree. Returns the exit code. */
async function main([command, ...rest]: string[]): Promise<number> {
  if (command === undefined || command === "--help" || command === "-h" || command === "help") {
    console.log(usage);
    return 0;
  }
  if (command !== "rehearse" && command !== "stand-in") {
    console.error(`release-actions has no command ${JSON.stringify(command)}.\n\n${usage}`);
    return 2;
  }
  if (Number(process.versions.node.split(".")[0]) < 24) {
    console.error(
      `release-actions runs on Node 24, as the actions do on GitHub, and this is Node ${process.versions.node}.\nInstall Node 24, then run the command again.`,
    );
    return 1;
  }
  // Loaded only here: no action and no other command pays for it. The second rehearsal starts in half the time.
  (await import("node:module")).enableCompileCache();
  const { rehearse, serveStandIn } = await import("@release-actions/rehearsal");
  if (command === "stand-in") {
    return serveStandIn(rest, {
      line: (text) => console.log(text),
      error: (text) => console.error(text),
    });
  }
  const folderGiven = rest[0] !== undefined && !rest[0].startsWith("-");
  return rehearse(
    folderGiven ? rest : [".", ...rest],
    { actions: { "org/release-actions": ownTree() }, pipelines: ".", reports: "out/rehearsal" },
    { line: (text) => console.log(text), colour: process.stdout.isTTY === true },
  );
}

/** The release tree that this command is part of: the nearest folder above with the actions in it. */
function ownTree(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, "action.yml")) && dirname(folder) !== folder)
    folder = dirname(folder);
  return folder;
}
