import type { Ended } from "../bundled-action.ts";
import { writtenTexts, type WrittenText } from "./written.ts";
import { allPermissions, openStage, type JobWish, type Stage } from "../stage.ts";

/** A stage with what a job needs, and the job's step, which passes as it is. */
export type World<Facts> = {
  prepare(stage: Stage): Promise<Facts>;
  job(stage: Stage, facts: Facts): JobWish;
};

/** An end, and the writes that came of it, as requests and as texts. */
export type Outcome = { end: Ended; writes: string[]; written: WrittenText[] };

/** Milliseconds after which an action counts as one that does not end. */
const patience = 60_000;

/** Runs jobs in one prepared world after the other; a world that nothing was written to serves again. */
export function createWorlds<Facts>(
  action: string,
  { prepare, job }: World<Facts>,
): {
  run(change: (wish: JobWish, stage: Stage, facts: Facts) => JobWish): Promise<Outcome>;
  close(): Promise<void>;
} {
  const idle: { stage: Stage; facts: Facts }[] = [];
  return {
    run: async (change) => {
      const world = idle.pop() ?? (await open(prepare));
      const { stage, facts } = world;
      const before = stage.writes().length;
      const from = stage.github.requests.length;
      const end = await runInTime(stage, action, change(job(stage, facts), stage, facts));
      const writes = stage.writes().slice(before);
      const written = writtenTexts(stage.github.requests.slice(from));
      if (writes.length === 0) idle.push(world);
      else await stage[Symbol.asyncDispose]();
      return { end, writes, written };
    },
    close: async () => {
      await Promise.all(idle.map(({ stage }) => stage[Symbol.asyncDispose]()));
    },
  };
}

async function open<Facts>(
  prepare: World<Facts>["prepare"],
): Promise<{ stage: Stage; facts: Facts }> {
  const stage = await openStage();
  return { stage, facts: await prepare(stage) };
}

/** An action that does not end is killed: its status is then null. */
export async function runInTime(stage: Stage, action: string, wish: JobWish): Promise<Ended> {
  const running = stage.start(action, wish);
  const timer = setTimeout(running.kill, patience);
  return running.ended.finally(() => clearTimeout(timer));
}

/** A token of the job, as an input. */
export function aToken(stage: Stage): string {
  return stage.github.issueToken({
    kind: "job",
    repositories: [stage.repository.fullName],
    actor: "pia",
    permissions: { ...allPermissions, issues: "write" },
  });
}
