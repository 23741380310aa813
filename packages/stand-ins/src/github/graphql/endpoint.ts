import {
  buildSchema,
  execute,
  getOperationAST,
  GraphQLError,
  parse,
  specifiedRules,
  validate,
  type DocumentNode,
  type GraphQLSchema,
  type ValidationRule,
} from "graphql";
import { json, type Reply } from "../../stand-in.ts";
import { absentFields } from "../enterprise.ts";
import { schemaText } from "../generated/schema.ts";
import { findRepository, Refused } from "../world.ts";
import { mutations } from "./mutations.ts";
import { nodeOf } from "./nodes.ts";
import { failure, personShape, within, type Asking, type Shape } from "./scope.ts";
import { commentShape, issueShape } from "./issues.ts";
import { deploymentShape } from "./deployments.ts";
import { pullShape } from "./pulls.ts";
import { repositoryShape } from "./repository.ts";
import { refShape } from "./source.ts";

let schema: GraphQLSchema | undefined;

function publicSchema(): GraphQLSchema {
  schema ??= buildSchema(schemaText, { assumeValid: true });
  return schema;
}

type Read = { document: DocumentNode; wrong: readonly GraphQLError[] };

/** A client sends the same few documents again and again. */
const known = new Map<string, Read>();
const mostKnown = 500;

/** Throws what the parser says of a text that is no document. */
function read(query: string, absent: ReadonlySet<string>): Read {
  const key = JSON.stringify([query, ...absent]);
  const before = known.get(key);
  if (before) return before;
  const document = parse(query);
  const wrong = validate(publicSchema(), document, [...specifiedRules, without(absent)]);
  const fresh = { document, wrong };
  if (known.size >= mostKnown) known.clear();
  known.set(key, fresh);
  return fresh;
}

/** POST /graphql. */
export async function answerGraphql(asking: Asking, body: unknown): Promise<Reply> {
  if (!asking.session.token)
    throw new Refused(401, "This endpoint requires you to be authenticated.");
  const { query, variables, operationName } = (body ?? {}) as Record<string, unknown>;
  if (typeof query !== "string")
    throw new Refused(400, "A query attribute must be specified and must be a string.");
  let asked: Read;
  try {
    asked = read(query, absentFields(asking.world));
  } catch (error) {
    return json(200, { errors: [{ message: (error as Error).message }] });
  }
  const { document, wrong } = asked;
  if (wrong.length > 0) return json(200, { errors: wrong.map(describeMisuse) });
  const result = await execute({
    schema: publicSchema(),
    document,
    rootValue: roots(asking),
    variableValues: (variables ?? {}) as Record<string, unknown>,
    ...(typeof operationName === "string" && { operationName }),
  });
  const mutation =
    getOperationAST(document, typeof operationName === "string" ? operationName : undefined)
      ?.operation === "mutation";
  const wrote = mutation && Object.values(result.data ?? {}).some((value) => value !== null);
  const { data, errors } = result;
  return json(
    200,
    { ...(data !== undefined && { data }), ...(errors && { errors: errors.map(describeFailure) }) },
    { wrote },
  );
}

/** Fields that an older server does not have are none, in the words for any other. */
function without(absent: ReadonlySet<string>): ValidationRule {
  return (context) => ({
    Field: (node) => {
      const type = context.getParentType()?.name ?? "";
      if (!absent.has(`${type}.${node.name.value}`)) return;
      const message = `Cannot query field "${node.name.value}" on type "${type}".`;
      context.reportError(new GraphQLError(message, { nodes: node }));
    },
  });
}

function roots(asking: Asking): Record<string, unknown> {
  const { world, session } = asking;
  return {
    repository: ({ owner, name }: { owner: string; name: string }) => {
      const repository = findRepository(world, `${owner}/${name}`);
      const scope = repository && within(asking, repository);
      if (!scope)
        throw failure(
          "NOT_FOUND",
          `Could not resolve to a Repository with the name '${owner}/${name}'.`,
        );
      return repositoryShape(scope);
    },
    // The viewer's type is User whoever asks; a bot's login keeps its suffix here.
    viewer: () => {
      const login = session.actor?.login ?? "ghost";
      return { ...personShape(asking, login), __typename: "User", login };
    },
    user: ({ login }: { login: string }) => {
      if (world.people.get(login.toLowerCase())?.type !== "User") {
        throw failure("NOT_FOUND", `Could not resolve to a User with the login of '${login}'.`);
      }
      return personShape(asking, login);
    },
    node: ({ id }: { id: string }): Shape | null => {
      const node = nodeOf(asking, id, "repository", "ref", "issue", "comment", "deployment");
      if (node.kind === "repository") return repositoryShape(node.scope);
      if (node.kind === "ref") return refShape(node.scope, node.name);
      if (node.kind === "comment") return commentShape(node.scope, node.issue, node.comment);
      if (node.kind === "deployment") return deploymentShape(node.scope, node.deployment);
      return node.issue.pull
        ? pullShape(node.scope, node.issue)
        : issueShape(node.scope, node.issue);
    },
    rateLimit: () => ({
      cost: 1,
      limit: 5000,
      remaining: 4999,
      used: 1,
      nodeCount: 0,
      resetAt: new Date(world.clock.now().getTime() + 3_600_000).toISOString(),
    }),
    ...mutations(asking),
  };
}

/** A resolver's error: GitHub puts its type beside the message. Anything unforeseen is a fault of the stand-in. */
function describeFailure(error: GraphQLError): Record<string, unknown> {
  const type = error.extensions["type"];
  if (error.originalError && !type) throw error.originalError;
  return {
    ...(typeof type === "string" && { type }),
    ...(error.path && { path: error.path }),
    ...(error.locations && { locations: error.locations }),
    message: error.message,
  };
}

/** A query that does not fit the schema, in GitHub's words where they are known. */
function describeMisuse(error: GraphQLError): Record<string, unknown> {
  const field = /^Cannot query field "(\w+)" on type "(\w+)"/.exec(error.message);
  if (field) {
    const [, fieldName, typeName] = field;
    return {
      message: `Field '${fieldName}' doesn't exist on type '${typeName}'`,
      locations: error.locations,
      extensions: { code: "undefinedField", typeName, fieldName },
    };
  }
  return { message: error.message, locations: error.locations };
}
