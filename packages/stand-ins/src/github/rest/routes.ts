import { actionRoutes } from "./actions.ts";
import { appRoutes } from "./apps.ts";
import { checkRoutes } from "./checks.ts";
import { deploymentRoutes } from "./deployments.ts";
import { gitRoutes } from "./git.ts";
import { issueRoutes } from "./issues.ts";
import { milestoneRoutes } from "./milestones.ts";
import { peopleRoutes } from "./people.ts";
import { pullRoutes } from "./pulls.ts";
import { releaseRoutes } from "./releases.ts";
import type { Route } from "./route.ts";
import { sourceRoutes } from "./source.ts";
import { subIssueRoutes } from "./sub-issues.ts";
import { teamRoutes } from "./teams.ts";

/** Every operation that the stand-in answers. */
export const routes: readonly Route[] = [
  ...sourceRoutes,
  ...gitRoutes,
  ...issueRoutes,
  ...subIssueRoutes,
  ...milestoneRoutes,
  ...pullRoutes,
  ...checkRoutes,
  ...releaseRoutes,
  ...deploymentRoutes,
  ...actionRoutes,
  ...peopleRoutes,
  ...teamRoutes,
  ...appRoutes,
];

export type Match = { route: Route; path: Record<string, string> };

const greedy = new Set(["ref", "path", "basehead"]);

const compiled = routes.map((route) => {
  const names: string[] = [];
  const pattern = route.template
    .split("/")
    .slice(1)
    .map((part, index, parts) => {
      const name = /^\{(\w+)\}$/.exec(part)?.[1];
      if (name === undefined) return `/${part}`;
      names.push(name);
      if (!greedy.has(name)) return "/([^/]+)";
      // The root of the files and the default branch's archive have nothing there.
      const before = parts[index - 1] ?? "";
      return ["contents", "tarball", "zipball"].includes(before) ? "(?:/(.*))?" : "/(.+)";
    })
    .join("");
  return {
    route,
    names,
    pattern: new RegExp(`^${pattern}$`),
    fixed: route.template.replaceAll(/\{\w+\}/g, "").length,
  };
});

/** The route of a path, the most specific where several fit; and whether the path is known for other methods. */
export function matchRoute(method: string, pathname: string): Match | undefined {
  const wanted = method === "HEAD" ? "GET" : method;
  const fitting = compiled
    .filter(({ route }) => route.method === wanted)
    .map((one) => ({ ...one, match: one.pattern.exec(pathname) }))
    .filter((one) => one.match !== null)
    .sort((a, b) => b.fixed - a.fixed);
  const [best] = fitting;
  if (!best?.match) return undefined;
  const path: Record<string, string> = { "*": pathname };
  for (const [index, name] of best.names.entries()) {
    try {
      path[name] = decodeURIComponent(best.match[index + 1] ?? "");
    } catch {
      return undefined;
    }
  }
  return { route: best.route, path };
}
