// Runs ncc in the working folder on argv[2] and writes { files, modules } to argv[3]. Started by bundle.ts.
import { writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { leftOut } from "./left-out.ts";

type WebpackModule = { modules?: Iterable<WebpackModule>; nameForCondition?: () => string | null };
type NccOutput = {
  code: string;
  assets: Record<string, { source: string | Buffer }>;
  stats: { compilation: { modules: Iterable<WebpackModule> } };
};
/** ncc is CommonJS without types. It is taken from the repository that is built: paths of its loaders become module numbers. */
const ncc = createRequire(`${process.cwd()}/package.json`)("@vercel/ncc") as (
  file: string,
  options: Record<string, unknown>,
) => Promise<NccOutput>;

const [input = "", output = ""] = process.argv.slice(2);
// Un-minified: it starts faster, and a reader of the tree can read it.
const { code, assets, stats } = await ncc(input, {
  esm: true,
  minify: false,
  sourceMap: false,
  cache: false,
  quiet: true,
  target: "es2022",
  externals: leftOut,
});
const files: Record<string, string> = { "index.js": code };
for (const [name, { source }] of Object.entries(assets)) {
  // The tree's own package.json says that it is ESM.
  if (name !== "package.json") files[name] = source.toString();
}
writeFileSync(
  output,
  JSON.stringify({ files, modules: [...filesOf(stats.compilation.modules)].toSorted() }),
);

function* filesOf(modules: Iterable<WebpackModule>): Generator<string> {
  for (const module of modules) {
    const file = module.nameForCondition?.();
    if (file) yield file;
    yield* filesOf(module.modules ?? []);
  }
}
