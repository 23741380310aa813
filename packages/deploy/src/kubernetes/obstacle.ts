import { tellReason, type ReasonName, type ToldReason } from "@release-actions/codes";

/** Whose trouble it is: the pod's, or the workload's. */
export type About = { kind: string; name: string; namespace: string; container?: string };

/** What stands in the way of one pod or workload. */
export type Obstacle = ToldReason &
  About & {
    /** The cluster's own sentence. */
    clusterSaid: string;
    exitCode?: number;
    /** The container has a log worth reading; `previous`: of the run before this one. */
    log?: "current" | "previous";
    /** Which run of the container it was. */
    run?: string;
    /** It counts as fatal only after a look at the container's log. */
    unsure?: true;
  };

/** An obstacle by its reason; the values of `about` are at hand for its words. */
export function obstacle(
  reason: ReasonName,
  about: About,
  clusterSaid: string,
  values: Readonly<Record<string, string | undefined>> = {},
  more: Partial<Pick<Obstacle, "exitCode" | "log" | "run" | "unsure">> = {},
): Obstacle {
  const { kind, name, namespace, container } = about;
  const told = tellReason(reason, {
    namespace,
    name,
    container,
    kind: kind.toLowerCase(),
    ...values,
  });
  const of = { kind, name, namespace, ...(container === undefined ? {} : { container }) };
  // What belongs to the whole cluster is in no namespace.
  const command = namespace === "" ? told.command.replace(" -n ''", "") : told.command;
  return { ...told, command, ...of, clusterSaid, ...more };
}

/** What the cluster warned about an object. */
export type Warning = { reason: string; message: string; at: string };
