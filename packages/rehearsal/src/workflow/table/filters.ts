import type { FilterRow } from "./row.ts";

const sheet = "docs workflow-syntax#filter-pattern-cheat-sheet";
const refs = "docs workflow-syntax#patterns-to-match-branches-and-tags";
const files = "docs workflow-syntax#patterns-to-match-file-paths";
const onPush = "docs workflow-syntax#onpushbranchestagsbranches-ignoretags-ignore";

export const filters: FilterRow[] = [
  ["* stops at a slash", sheet, ["feature/*"], "feature/a/b", false],
  ["* within a level", refs, ["feature/*"], "feature/my-branch", true],
  ["** goes on", refs, ["feature/**"], "feature/mona/the/octocat", true],
  ["an exact name", refs, ["main", "releases/**"], "main", true],
  ["another name", refs, ["main"], "main2", false],
  ["* alone has no slash", refs, ["*"], "a/b", false],
  ["** alone is everything", refs, ["**"], "all/the/branches", true],
  ["* at the start", refs, ["*feature"], "ver-10-feature", true],
  ["* at the end, nothing more", refs, ["v2*"], "v2", true],
  ["sets and +", refs, ["v[12].[0-9]+.[0-9]+"], "v1.10.1", true],
  ["outside the set", refs, ["v[12].[0-9]+.[0-9]+"], "v3.1.1", false],
  ["a point is a point", sheet, ["[0-9]+.[0-9]+.[0-9]+"], "1x2x3", false],
  ["the whole name has to match", files, ["[0-9]+.[0-9]+.[0-9]+"], "1.2.3-rc1", false],
  ["? without what is before it", files, ["*.jsx?"], "page.js", true],
  ["? with it", files, ["*.jsx?"], "page.jsx", true],
  ["a set of letters", sheet, ["[CB]at"], "Bat", true],
  ["files at the root only", files, ["*.js"], "js/index.js", false],
  ["files everywhere", files, ["**.js"], "src/js/app.js", true],
  ["a folder without its subfolders", files, ["docs/*"], "docs/a/b.md", false],
  ["**/ may be nothing", files, ["docs/**/*.md"], "docs/README.md", true],
  ["**/ may be several folders", files, ["docs/**/*.md"], "docs/a/markdown/file.md", true],
  ["a folder anywhere", files, ["**/docs/**"], "dir/docs/my-file.txt", true],
  ["a file anywhere, at the root", files, ["**/README.md"], "README.md", true],
  ["a folder's suffix", files, ["**/*src/**"], "my-src/code/js/app.js", true],
  ["a file's prefix and suffix", files, ["**/migrate-*.sql"], "db/sept/migrate-v1.sql", true],
  ["! takes back", onPush, ["releases/**", "!releases/**-alpha"], "releases/1-alpha", false],
  [
    "! first takes nothing back",
    onPush,
    ["!releases/**-alpha", "releases/**"],
    "releases/1-alpha",
    true,
  ],
  ["what comes after ! counts again", files, ["*.md", "!README.md", "README*"], "README.md", true],
  ["! not at the start is a letter", sheet, ["a!b"], "a!b", true],
];
