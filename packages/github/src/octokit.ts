type ActionsGitHub = typeof import("@actions/github");

let loading: Promise<ActionsGitHub> | undefined;

/**
 * GitHub's own client. As it loads it opens a proxy of its own from the environment, which nobody uses: our transport
 * sends every request. It takes other addresses than we do and throws at the rest, so it is let see none.
 */
export function loadOctokit(): Promise<ActionsGitHub> {
  loading ??= withoutProxy(() => import("@actions/github"));
  return loading;
}

async function withoutProxy<T>(load: () => Promise<T>): Promise<T> {
  const exempt = process.env["no_proxy"];
  process.env["no_proxy"] = "*";
  try {
    return await load();
  } finally {
    if (exempt === undefined) delete process.env["no_proxy"];
    else process.env["no_proxy"] = exempt;
  }
}
