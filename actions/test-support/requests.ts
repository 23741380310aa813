import type { StandIn } from "@release-actions/stand-ins";

/** Kills an action after the first request to a stand-in after which something is so; that request is not answered. */
export function killWhen(standIn: StandIn, isSo: () => boolean, kill: () => void): void {
  const look = (): void | "gone" => {
    if (!isSo()) return arm();
    kill();
    return "gone";
  };
  const arm = (): void =>
    void standIn.faults.push({ matches: () => true, when: "after", does: look });
  arm();
}

/** Looks at each request to a stand-in before it takes effect. */
export function watchEach(
  standIn: StandIn,
  look: (request: { method: string; path: string }) => void,
): void {
  const matches = (request: { method: string; path: string }): boolean => {
    look(request);
    return false;
  };
  standIn.faults.push({ matches, when: "before", does: "reset" });
}
