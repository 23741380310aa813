import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const present = new Set<string>();
const remove = (path: string): void => rmSync(path, { recursive: true, force: true });

/** A new folder for the files of a rehearsal. Whatever ends this process, it does not stay behind. */
export function temporaryFolder(): { path: string; remove(): void } {
  if (present.size === 0) process.once("exit", removeAll);
  const path = mkdtempSync(join(tmpdir(), "rehearsal-"));
  present.add(path);
  return {
    path,
    remove: () => {
      remove(path);
      present.delete(path);
      if (present.size === 0) process.removeListener("exit", removeAll);
    },
  };
}

function removeAll(): void {
  for (const path of present) remove(path);
}
