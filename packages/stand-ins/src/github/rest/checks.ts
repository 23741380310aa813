import { addStatus, combinedState, currentStatuses, setCheckRun } from "../checks.ts";
import { presentCheckRun, presentSimpleStatus, presentStatus } from "../present/checks.ts";
import { presentRepository, repositoryUrl } from "../present/repositories.ts";
import type { CheckRun, CommitStatus } from "../records.ts";
import { resolveCommit } from "../source.ts";
import { invalid, Refused } from "../world.ts";
import { textIn } from "./fields.ts";
import { page } from "./page.ts";
import { ok, route, type RepositoryCall, type Route } from "./route.ts";

export const checkRoutes: Route[] = [
  route("GET /commits/{ref}/check-runs", "checks=read", (call) => {
    const { world, repository, query, links } = call;
    const sha = commitIn(call);
    const [name, status] = [query.get("check_name"), query.get("status")];
    const wanted = repository.checkRuns.filter(
      (check) =>
        check.sha === sha && (!name || check.name === name) && (!status || check.status === status),
    );
    return page(
      call,
      wanted,
      (check) => presentCheckRun(world, repository, check, links),
      (check_runs, total_count) => ({ total_count, check_runs }),
    );
  }),
  route("GET /commits/{ref}/status", "statuses=read", (call) => {
    const { repository, links } = call;
    const sha = commitIn(call);
    const statuses = currentStatuses(repository, sha);
    const url = repositoryUrl(repository, links);
    return ok({
      state: combinedState(statuses),
      statuses: statuses.map((status) => presentSimpleStatus(repository, status, links)),
      sha,
      total_count: statuses.length,
      repository: presentRepository(repository, links),
      commit_url: `${url}/commits/${sha}`,
      url: `${url}/commits/${sha}/status`,
    });
  }),
  route("GET /commits/{ref}/statuses", "statuses=read", (call) => {
    const { world, repository, links } = call;
    const sha = commitIn(call);
    const wanted = repository.statuses.filter((status) => status.sha === sha).reverse();
    return page(call, wanted, (status) => presentStatus(world, repository, status, links));
  }),
  route(
    "POST /statuses/{sha}",
    "statuses=write",
    ({ world, repository, actor, path, body, links }) => {
      const status = addStatus(world, repository, actor, {
        sha: path["sha"] ?? "",
        context: textIn(body, "context") ?? "default",
        state: textIn(body, "state") as CommitStatus["state"],
        description: textIn(body, "description") ?? null,
        targetUrl: textIn(body, "target_url") ?? null,
      });
      return ok(presentStatus(world, repository, status, links), 201);
    },
  ),
  route("POST /check-runs", "checks=write", ({ world, repository, actor, body, links }) => {
    const sha = resolveCommit(repository, textIn(body, "head_sha") ?? "");
    if (!sha)
      throw invalid(
        "CheckRun",
        "head_sha",
        "invalid",
        `No commit found for SHA: ${textIn(body, "head_sha")}`,
      );
    const conclusion = textIn(body, "conclusion") as CheckRun["conclusion"];
    const status = conclusion
      ? "completed"
      : ((textIn(body, "status") ?? "queued") as CheckRun["status"]);
    const check = setCheckRun(world, repository, actor, {
      sha,
      name: textIn(body, "name") ?? "",
      status,
      conclusion,
    });
    return ok(presentCheckRun(world, repository, check, links), 201);
  }),
  route("PATCH /check-runs/{check_run_id}", "checks=write", (call) => {
    const { world, repository, actor, body, links } = call;
    const known = checkIn(call);
    const conclusion = textIn(body, "conclusion") as CheckRun["conclusion"];
    const status = conclusion
      ? "completed"
      : ((textIn(body, "status") ?? known.status) as CheckRun["status"]);
    const check = setCheckRun(world, repository, actor, {
      sha: known.sha,
      name: known.name,
      status,
      conclusion: conclusion ?? known.conclusion,
    });
    return ok(presentCheckRun(world, repository, check, links));
  }),
  route("GET /check-runs/{check_run_id}", "checks=read", (call) =>
    ok(presentCheckRun(call.world, call.repository, checkIn(call), call.links)),
  ),
];

function commitIn({ repository, path }: RepositoryCall): string {
  const sha = resolveCommit(repository, path["ref"] ?? "");
  if (!sha) throw new Refused(422, `No commit found for SHA: ${path["ref"]}`);
  return sha;
}

function checkIn({ repository, path }: RepositoryCall): CheckRun {
  const check = repository.checkRuns.find((one) => one.id === Number(path["check_run_id"]));
  if (!check) throw new Refused(404, "Not Found");
  return check;
}
