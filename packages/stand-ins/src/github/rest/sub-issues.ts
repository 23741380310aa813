import { issueOf } from "../issues.ts";
import { presentIssue } from "../present/issues.ts";
import {
  addSubIssue,
  issueById,
  parentOf,
  removeSubIssue,
  subIssuesOf,
  type Placed,
} from "../sub-issues.ts";
import { canSee, permits } from "../tokens.ts";
import { Refused } from "../world.ts";
import { flagIn, numberIn } from "./fields.ts";
import { page } from "./page.ts";
import { ok, route, type RepositoryCall, type Route } from "./route.ts";

/** Issues below issues. They are named by their id, and may be of other repositories of the owner. */
export const subIssueRoutes: Route[] = [
  route("GET /issues/{issue_number}/sub_issues", "issues=read", (call) => {
    const below = subIssuesOf(call.world, parentIn(call).issue);
    const seen = below.filter((one) => mayRead(call, one));
    return page(call, seen, (one) => present(call, one));
  }),
  route("POST /issues/{issue_number}/sub_issues", "issues=write", (call) => {
    const { world, actor, body } = call;
    const parent = parentIn(call);
    const replaces = flagIn(body, "replace_parent") ?? false;
    addSubIssue(world, actor, parent, childIn(call), replaces);
    return ok(present(call, parent), 201);
  }),
  route("DELETE /issues/{issue_number}/sub_issue", "issues=write", (call) => {
    const parent = parentIn(call);
    removeSubIssue(call.world, call.actor, parent, childIn(call));
    return ok(present(call, parent));
  }),
  route("GET /issues/{issue_number}/parent", "issues=read", (call) => {
    const parent = parentOf(call.world, parentIn(call).issue);
    if (!parent || !mayRead(call, parent)) throw new Refused(404, "Not Found");
    return ok(present(call, parent));
  }),
];

function parentIn({ repository, path }: RepositoryCall): Placed {
  return { repository, issue: issueOf(repository, Number(path["issue_number"])) };
}

/** What the token may not see does not exist for it. */
function childIn({ world, session, body }: RepositoryCall): Placed | undefined {
  const child = issueById(world, numberIn(body, "sub_issue_id") ?? 0);
  return child && canSee(session, child.repository) ? child : undefined;
}

function mayRead({ session }: RepositoryCall, { repository }: Placed): boolean {
  return permits(session, repository, [{ permission: "issues", level: "read" }]);
}

function present({ world, links }: RepositoryCall, { repository, issue }: Placed) {
  return presentIssue(world, repository, issue, links);
}
