import type { GitHubEnvironment } from "./language.ts";

/** Whether an environment's rule lets a ref in; the sentence GitHub shows when it does not. */
export function refuses(
  name: string,
  environment: GitHubEnvironment,
  ref: string,
): string | undefined {
  if (environment.branches === undefined && environment.tags === undefined) return undefined;
  const isTag = ref.startsWith("refs/tags/");
  const short = ref.replace(/^refs\/(heads|tags)\//, "");
  const patterns = (isTag ? environment.tags : environment.branches) ?? [];
  if (patterns.some((pattern) => matches(pattern, short))) return undefined;
  return `${isTag ? "Tag" : "Branch"} "${short}" is not allowed to deploy to ${name} due to environment protection rules.`;
}

/** fnmatch as GitHub's rules use it: `*` and `?` stay within a part of the path, `**` does not. */
export function matches(pattern: string, name: string): boolean {
  const source = pattern.replaceAll(/\*\*\/?|\*|\?|\[[^\]]+\]|[\\^$.|+(){}[\]]/g, (part) => {
    if (part.startsWith("**")) return ".*";
    if (part === "*") return "[^/]*";
    if (part === "?") return "[^/]";
    return part.length > 1 ? part.replace(/^\[!/, "[^") : `\\${part}`;
  });
  return new RegExp(`^${source}$`).test(name);
}
