import { createMilestone, editMilestone, milestoneOf, setMilestoneState } from "../milestones.ts";
import { presentMilestone } from "../present/issues.ts";
import type { Milestone } from "../records.ts";
import { numberIn, textIn } from "./fields.ts";
import { page } from "./page.ts";
import { ok, route, type RepositoryCall, type Route } from "./route.ts";

const [reads, writes] = ["issues=read|pull-requests=read", "issues=write|pull-requests=write"];

export const milestoneRoutes: Route[] = [
  route("GET /milestones", reads, (call) => {
    const state = call.query.get("state") ?? "open";
    const sign = call.query.get("direction") === "desc" ? -1 : 1;
    const due = (one: Milestone) => one.dueOn?.getTime() ?? Number.MAX_SAFE_INTEGER;
    const wanted = call.repository.milestones
      .filter((one) => state === "all" || one.state === state)
      .sort((a, b) => sign * (due(a) - due(b) || a.id - b.id));
    return page(call, wanted, (milestone) => present(call, milestone));
  }),
  route("POST /milestones", writes, (call) => {
    const { world, repository, actor, body } = call;
    const milestone = createMilestone(world, repository, actor, {
      title: textIn(body, "title") ?? "",
      state: body["state"] === "closed" ? "closed" : "open",
      ...detailsIn(body),
    });
    return ok(present(call, milestone), 201);
  }),
  route("GET /milestones/{milestone_number}", reads, (call) => ok(present(call, wanted(call)))),
  route("PATCH /milestones/{milestone_number}", writes, (call) => {
    const { world, repository, actor, body } = call;
    const milestone = wanted(call);
    const [title, state] = [textIn(body, "title"), textIn(body, "state")];
    editMilestone(world, repository, actor, milestone, {
      ...(title !== undefined && { title }),
      ...detailsIn(body),
    });
    if (state === "open" || state === "closed")
      setMilestoneState(world, repository, actor, milestone, state);
    return ok(present(call, milestone));
  }),
];

function detailsIn(body: Record<string, unknown>): { description?: string; dueOn?: Date } {
  const [description, due] = [textIn(body, "description"), textIn(body, "due_on")];
  return {
    ...(description !== undefined && { description }),
    ...(due && { dueOn: new Date(due) }),
  };
}

function wanted({ repository, path }: RepositoryCall): Milestone {
  return milestoneOf(repository, numberIn(path, "milestone_number") ?? 0);
}

function present({ world, repository, links }: RepositoryCall, milestone: Milestone) {
  return presentMilestone(world, repository, milestone, links);
}
