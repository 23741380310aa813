import type { Permissions } from "../permission.ts";
import type { App, Installation } from "../records.ts";
import { personOf, type World } from "../world.ts";
import { iso, type Links } from "./links.ts";
import { presentPerson, type Json } from "./people.ts";

export function presentApp(world: World, app: App, links: Links): Json {
  const mine = world.installations.filter((one) => one.app === app.id);
  return {
    id: app.id,
    client_id: app.clientId,
    slug: app.slug,
    node_id: app.nodeId,
    owner: presentPerson(world, app.owner, links),
    name: app.slug,
    description: null,
    external_url: `${links.html}/apps/${app.slug}`,
    html_url: `${links.html}/apps/${app.slug}`,
    created_at: iso(app.createdAt),
    updated_at: iso(app.createdAt),
    permissions: presentPermissions(mine[0]?.permissions ?? {}),
    events: [],
    installations_count: mine.length,
  };
}

export function presentInstallation(
  world: World,
  app: App,
  installation: Installation,
  links: Links,
): Json {
  const account = personOf(world, installation.account);
  const place =
    account.type === "Organization" ? `organizations/${account.login}/settings` : "settings";
  return {
    id: installation.id,
    account: presentPerson(world, account.login, links),
    repository_selection: "selected",
    access_tokens_url: `${links.api}/app/installations/${installation.id}/access_tokens`,
    repositories_url: `${links.api}/installation/repositories`,
    html_url: `${links.html}/${place}/installations/${installation.id}`,
    app_id: app.id,
    client_id: app.clientId,
    app_slug: app.slug,
    target_id: account.id,
    target_type: account.type,
    permissions: presentPermissions(installation.permissions),
    events: [],
    created_at: iso(installation.createdAt),
    updated_at: iso(installation.createdAt),
    single_file_name: null,
    has_multiple_single_files: false,
    single_file_paths: [],
    suspended_by: null,
    suspended_at: null,
  };
}

/** Names as the API has them, such as `pull_requests`. */
export function presentPermissions(permissions: Permissions): Json {
  return Object.fromEntries(
    Object.entries(permissions)
      .filter(([, level]) => level !== "none")
      .map(([name, level]) => [name.replaceAll("-", "_"), level]),
  );
}
