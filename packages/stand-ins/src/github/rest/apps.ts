import { createInstallationToken, installationOf } from "../apps.ts";
import { presentApp, presentInstallation, presentPermissions } from "../present/apps.ts";
import { iso } from "../present/links.ts";
import { presentRepository } from "../present/repositories.ts";
import type { Installation } from "../records.ts";
import { refusalOf, tokenIn } from "../tokens.ts";
import { findRepository, Refused } from "../world.ts";
import { recordIn } from "./fields.ts";
import { page } from "./page.ts";
import { appRoute, noContent, ok, openRoute, type AppCall, type Route } from "./route.ts";

/** What an App asks with its key, and what its installations' tokens ask about themselves. */
export const appRoutes: Route[] = [
  appRoute("GET /app", ({ world, app, links }) => ok(presentApp(world, app, links))),
  appRoute("GET /app/installations/{installation_id}", (call) =>
    shown(call, installationOf(call.world, call.app, Number(call.path["installation_id"]))),
  ),
  appRoute("GET /repos/{owner}/{repo}/installation", (call) => {
    const name = `${call.path["owner"]}/${call.path["repo"]}`.toLowerCase();
    return shown(
      call,
      mine(call).find((one) => one.repositories.includes(name)),
    );
  }),
  appRoute("GET /orgs/{org}/installation", (call) => shown(call, on(call, call.path["org"]))),
  appRoute("GET /users/{username}/installation", (call) =>
    shown(call, on(call, call.path["username"])),
  ),
  appRoute("POST /app/installations/{installation_id}/access_tokens", (call) => {
    const { world, app, body, path, links } = call;
    const installation = installationOf(world, app, Number(path["installation_id"]));
    const [names, ids] = [body["repositories"], body["repository_ids"]];
    const permissions = recordIn(body, "permissions");
    const made = createInstallationToken(world, app, installation, {
      ...(Array.isArray(names) && { repositories: names.map(String) }),
      ...(Array.isArray(ids) && { repositoryIds: ids.map(Number) }),
      ...(permissions && { permissions }),
    });
    return ok(
      {
        token: made.token,
        expires_at: iso(made.expiresAt),
        permissions: presentPermissions(made.permissions),
        repository_selection: "selected",
        ...(made.repositories && {
          repositories: made.repositories.map((one) => presentRepository(one, links)),
        }),
      },
      201,
    );
  }),

  openRoute("DELETE /installation/token", ({ world, session, headers }) => {
    if (!session.token) throw new Refused(401, "Requires authentication");
    if (session.token.kind === "user") throw new Refused(403, refusalOf(session));
    world.tokens.delete(tokenIn(headers["authorization"]) ?? "");
    return noContent;
  }),
  openRoute("GET /installation/repositories", (call) => {
    const { world, session, links } = call;
    if (!session.token) throw new Refused(401, "Requires authentication");
    if (session.token.kind === "user") throw new Refused(403, refusalOf(session));
    const reached = session.token.repositories
      .map((name) => findRepository(world, name))
      .filter((one) => one !== undefined);
    return page(
      call,
      reached,
      (one) => presentRepository(one, links),
      (repositories, total_count) => ({
        total_count,
        repository_selection: "selected",
        repositories,
      }),
    );
  }),
];

function mine({ world, app }: AppCall): Installation[] {
  return world.installations.filter((one) => one.app === app.id);
}

function on(call: AppCall, account = ""): Installation | undefined {
  return mine(call).find((one) => one.account.toLowerCase() === account.toLowerCase());
}

function shown({ world, app, links }: AppCall, installation: Installation | undefined) {
  if (!installation) throw new Refused(404, "Not Found");
  return ok(presentInstallation(world, app, installation, links));
}
