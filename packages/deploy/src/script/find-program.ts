import { constants } from "node:fs";
import { access, stat } from "node:fs/promises";
import { delimiter, isAbsolute, join } from "node:path";

/** Where a program is on the job's PATH; relative folders of it are left out. */
export async function findProgram(
  name: string,
  path: string | undefined,
): Promise<string | undefined> {
  for (const folder of (path ?? "").split(delimiter)) {
    if (!isAbsolute(folder)) continue;
    const file = join(folder, name);
    const found = await access(file, constants.X_OK).then(
      async () => (await stat(file)).isFile(),
      () => false,
    );
    if (found) return file;
  }
  return undefined;
}
