import { mkdtemp, readFile, readlink, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, it, test } from "vitest";
import { archiveOf, file, type Given } from "../test/archive.ts";
import { checkArchive, unpackArchive } from "./archive.ts";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "archive-"));
});
afterEach(() => rm(folder, { recursive: true }));

it("unpacks below the top folder, with execute bits and links that stay inside", async () => {
  const archive = await archiveOf([
    [{ name: "top/", type: "directory", mode: 0o775 }],
    file("top/deploy/run.sh", "#!/bin/sh\n", 0o775),
    file("top/deploy/values.yml", "a: 1\n", 0o664),
    [{ name: "top/current", type: "symlink", linkname: "deploy/values.yml" }],
    [{ name: "top/deploy/up", type: "symlink", linkname: "../deploy" }],
  ]);
  await checkArchive(archive, "deploy/run.sh");
  await unpackArchive(archive, folder);
  expect((await stat(join(folder, "deploy/run.sh"))).mode & 0o777).toBe(0o755);
  expect((await stat(join(folder, "deploy/values.yml"))).mode & 0o777).toBe(0o644);
  expect(await readFile(join(folder, "current"), "utf8")).toBe("a: 1\n");
  expect(await readlink(join(folder, "deploy/up"))).toBe("../deploy");
});

describe("an archive is refused whole when an entry leads out", () => {
  const link = (name: string, linkname: string): [Given] => [{ name, type: "symlink", linkname }];
  const cases: [string, [Given, string?][], RegExp][] = [
    ["a path that climbs", [file("top/../../evil", "x")], /would leave its folder/],
    ["a path from the root", [file("/etc/evil", "x")], /would leave its folder/],
    ["a link to the root", [link("top/a", "/etc/passwd")], /leads out of the repository/],
    ["a link that climbs", [link("top/a", "../../outside")], /leads out of the repository/],
    [
      "a link that climbs out of another link",
      [link("top/x/y/d", "../../p"), link("top/e", "x/y/d/../../..")],
      /leads out of the repository/,
    ],
    ["a write through a link", [link("top/a", "b"), file("top/a", "x")], /is in it twice/],
    ["a hard link", [[{ name: "top/a", type: "link", linkname: "top/b" }]], /is a link/],
    ["a device", [[{ name: "top/a", type: "character-device" }]], /is a character-device/],
    ["a file beside the top folder", [file("evil", "x")], /not inside the archive's folder/],
  ];
  test.each(cases)("%s", async (_what, entries, why) => {
    const archive = await archiveOf([...entries, file("top/run.sh", "", 0o755)]);
    const refusal = { code: "RA3205", saw: expect.stringMatching(why) as string };
    await expect(checkArchive(archive, "run.sh")).rejects.toMatchObject(refusal);
    await expect(unpackArchive(archive, folder)).rejects.toMatchObject(refusal);
  });

  it("and when it is cut off or none at all", async () => {
    const archive = await archiveOf([file("top/run.sh", "x".repeat(9000), 0o755)]);
    for (const bytes of [archive.subarray(0, archive.length - 20), Buffer.from("<html>")])
      await expect(checkArchive(bytes, "run.sh")).rejects.toMatchObject({ code: "RA3205" });
  });
});

test.each([
  ["missing", "deploy/go.sh", "deploy/go.sh does not exist at the released commit"],
  ["a folder", "deploy", "deploy is a folder at the released commit"],
  ["a link", "link.sh", "link.sh is a symbolic link at the released commit"],
  [
    "without the execute bit",
    "deploy/plain.sh",
    "deploy/plain.sh is not executable at the released commit",
  ],
])("a script that is %s is refused before anything runs", async (_what, script, saw) => {
  const archive = await archiveOf([
    [{ name: "top/deploy/", type: "directory" }],
    file("top/deploy/plain.sh", "#!/bin/sh\n", 0o644),
    [{ name: "top/link.sh", type: "symlink", linkname: "deploy/plain.sh" }],
  ]);
  await expect(checkArchive(archive, script)).rejects.toMatchObject({ code: "RA3204", saw });
});
