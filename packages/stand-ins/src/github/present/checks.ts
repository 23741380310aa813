import type { CheckRun, CommitStatus } from "../records.ts";
import type { Repository, World } from "../world.ts";
import { iso, isoOrNull, type Links } from "./links.ts";
import { presentPerson, type Json } from "./people.ts";
import { repositoryPage, repositoryUrl } from "./repositories.ts";

export function presentCheckRun(
  world: World,
  repository: Repository,
  check: CheckRun,
  links: Links,
): Json {
  const url = `${repositoryUrl(repository, links)}/check-runs/${check.id}`;
  const page = `${repositoryPage(repository, links)}/runs/${check.id}`;
  return {
    id: check.id,
    name: check.name,
    node_id: check.nodeId,
    head_sha: check.sha,
    external_id: "",
    url,
    html_url: page,
    details_url: page,
    status: check.status,
    conclusion: check.conclusion,
    started_at: iso(check.startedAt),
    completed_at: isoOrNull(check.completedAt),
    output: {
      title: null,
      summary: null,
      text: null,
      annotations_count: 0,
      annotations_url: `${url}/annotations`,
    },
    check_suite: { id: check.id },
    app: {
      id: 15368,
      slug: check.app,
      node_id: "MDM6QXBwMTUzNjg=",
      owner: presentPerson(world, repository.owner.login, links),
      name: check.app,
      description: null,
      external_url: "https://help.github.com/en/actions",
      html_url: `${links.html}/apps/${check.app}`,
      created_at: iso(repository.createdAt),
      updated_at: iso(repository.createdAt),
      permissions: { checks: "write", contents: "read", metadata: "read" },
      events: [],
    },
    pull_requests: [],
  };
}

export function presentStatus(
  world: World,
  repository: Repository,
  status: CommitStatus,
  links: Links,
): Json {
  const creator = presentPerson(world, status.creator, links);
  return {
    ...presentSimpleStatus(repository, status, links),
    avatar_url: creator["avatar_url"],
    creator,
  };
}

export function presentSimpleStatus(
  repository: Repository,
  status: CommitStatus,
  links: Links,
): Json {
  return {
    url: `${repositoryUrl(repository, links)}/statuses/${status.sha}`,
    avatar_url: null,
    id: status.id,
    node_id: status.nodeId,
    state: status.state,
    description: status.description,
    target_url: status.targetUrl,
    context: status.context,
    created_at: iso(status.createdAt),
    updated_at: iso(status.updatedAt),
  };
}
