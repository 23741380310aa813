/** The addresses that an answer's links start with: github.com's own, or those of the server that was asked. */
export type Links = {
  html: string;
  api: string;
  graphql: string;
  uploads: string;
  codeload: string;
  avatars: string;
};

export const publicLinks: Links = {
  html: "https://github.com",
  api: "https://api.github.com",
  graphql: "https://api.github.com/graphql",
  uploads: "https://uploads.github.com",
  codeload: "https://codeload.github.com",
  avatars: "https://avatars.githubusercontent.com",
};

/** Links of an enterprise server at this address, such as `http://127.0.0.1:8080`. */
export function enterpriseLinks(origin: string): Links {
  return {
    html: origin,
    api: `${origin}/api/v3`,
    graphql: `${origin}/api/graphql`,
    uploads: `${origin}/api/uploads`,
    codeload: `${origin}/_codeload`,
    avatars: `${origin}/avatars`,
  };
}

/** A time as GitHub writes it: whole seconds. */
export function iso(date: Date): string {
  return date.toISOString().replace(/\.\d+Z$/, "Z");
}

export function isoOrNull(date: Date | undefined): string | null {
  return date ? iso(date) : null;
}
