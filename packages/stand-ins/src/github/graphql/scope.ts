import { GraphQLError } from "graphql";
import type { Links } from "../present/links.ts";
import type { Need, Permission } from "../permission.ts";
import { canSee, permits, refusalOf, type Session } from "../tokens.ts";
import { personOf, type Repository, type World } from "../world.ts";

/** Who asks what of whom. */
export type Asking = { world: World; session: Session; links: Links };
/** The same within one repository. */
export type Scope = Asking & { repository: Repository };

/** A value whose functions are its fields, as graphql-js calls them. */
export type Shape = { __typename: string } & Record<string, unknown>;

/** An error as GitHub's answers carry it, with its `type` beside the message. */
export function failure(type: string, message: string): GraphQLError {
  return new GraphQLError(message, { extensions: { type } });
}

/** Throws FORBIDDEN unless the token may read one of these. */
export function mustRead(scope: Scope, ...permissions: Permission[]): void {
  must(
    scope,
    permissions.map((permission) => ({ permission, level: "read" })),
  );
}

export function mustWrite(scope: Scope, ...permissions: Permission[]): void {
  must(
    scope,
    permissions.map((permission) => ({ permission, level: "write" })),
  );
}

function must(scope: Scope, needs: Need[]): void {
  if (!permits(scope.session, scope.repository, needs))
    throw failure("FORBIDDEN", refusalOf(scope.session));
}

export function within(asking: Asking, repository: Repository): Scope | undefined {
  return canSee(asking.session, repository) ? { ...asking, repository } : undefined;
}

/** An Actor, User, Bot or Organization. */
export function personShape(asking: Asking, login: string): Shape {
  const { world, links } = asking;
  const person = personOf(world, login);
  // In GraphQL a bot's login has no suffix.
  const bot = person.type === "Bot";
  const name = bot ? person.login.replace(/\[bot\]$/, "") : person.login;
  const path = bot ? `/apps/${name}` : `/${name}`;
  return {
    __typename: person.type,
    id: person.nodeId,
    databaseId: person.id,
    login: name,
    name: person.name,
    email: "",
    url: links.html + path,
    resourcePath: path,
    avatarUrl: `${links.avatars}/u/${person.id}?v=4`,
  };
}
