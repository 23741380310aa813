import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { Fault } from "@release-actions/codes";
import type { Screen } from "../report/timeline.ts";
import { loadPipeline } from "../world/pipeline.ts";
import { readBugs } from "./bugs.ts";
import { tryCellBugs } from "./cell-bugs.ts";
import type { Ground, Harvest } from "./ground.ts";
import { tryLineBugs } from "./line-bugs.ts";
import { keep, uproot } from "./plant.ts";

const usage = `planted [LINE …]        bugs of the requirement lines; without any all, and the bugs that a fault brings to light
planted --kill [TEXT …] only the bugs that a fault brings to light; with texts those whose description has one`;

/**
 * Plants the pipeline's bugs and expects each to be noticed: those of lines by exactly that line, those of cells by what is left
 * when a fault has struck. Returns the exit code: 0 only if every line has a bug and every bug was caught.
 */
export async function planted(
  args: readonly string[],
  ground: Ground,
  screen: Screen,
): Promise<number> {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { kill: { type: "boolean" } },
    });
    return await sow({ kill: values.kill ?? false, only: positionals }, ground, screen);
  } catch (error) {
    if (error instanceof Fault) screen.line(`${error.code} ${error.saw}\n${error.next}`);
    else if (error instanceof TypeError && "code" in error)
      screen.line(`${error.message}\n\n${usage}`);
    else throw error;
    return 1;
  } finally {
    uproot(ground.copies);
  }
}

async function sow(
  { kill, only }: { kill: boolean; only: readonly string[] },
  ground: Ground,
  screen: Screen,
): Promise<number> {
  const pipeline = loadPipeline(ground.pipeline);
  const { bugs, cells } = readBugs(pipeline);
  const lines = pipeline.file.requirements.map(({ id }) => id);
  const unknown = kill ? [] : only.filter((id) => !lines.includes(id));
  if (unknown.length > 0) {
    screen.line(
      `${unknown.join(", ")}: no line of ${pipeline.name}. There are: ${lines.join(", ")}`,
    );
    return 1;
  }
  const stage = keep({ pipeline, actions: ground.actions }, join(ground.copies, "kept"));
  const isMeant = (text: string): boolean => only.length === 0 || only.includes(text);
  const harvests: (Harvest | undefined)[] = [];
  if (!kill) {
    const wanted = lines.filter(isMeant);
    const meant = bugs.filter(({ line }) => isMeant(line));
    harvests.push(await tryLineBugs(meant, wanted, stage, ground, screen));
  }
  if (kill || (only.length === 0 && pipeline.file.faults.length > 0)) {
    const meant = cells.filter(
      ({ bug }) => only.length === 0 || only.some((text) => bug.includes(text)),
    );
    harvests.push(await tryCellBugs(meant, stage, ground, screen));
  }
  const tables = harvests.flatMap((harvest) => (harvest === undefined ? [] : [harvest.table]));
  mkdirSync(dirname(ground.table), { recursive: true });
  writeFileSync(ground.table, `# Planted bugs of ${pipeline.name}\n\n${tables.join("\n\n")}\n`);
  for (const table of tables) screen.line(`\n${table}`);
  return harvests.every((harvest) => harvest?.whole) ? 0 : 1;
}
