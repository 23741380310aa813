import { describe, expect, test } from "vitest";
import { wrongInForm, wrongInQuery } from "./answer-form.ts";

describe("an answer to a query", () => {
  const query = `query tag($owner: String!, $tags: [String!]) {
    repository(owner: $owner, name: "{") {
      tag: ref(qualifiedName: $owner) { target { __typename oid ... on Tag { target { oid } } } }
      base: ref(qualifiedName: $owner) { compare(headRef: "x") { behindBy } }
      tags: refs(first: 100) { nodes { name ...P } }
      release(tagName: $owner) { name }
      f0: object(expression: $owner) { ... on Blob { text isTruncated } }
    }
  }
  fragment P on Ref { id: databaseId }`;
  const good = {
    repository: {
      tag: { target: { __typename: "Tag", oid: "a", target: { oid: "b" } } },
      base: { compare: null },
      tags: { nodes: [{ name: "1.0.0", id: 7 }] },
      release: { name: null },
      f0: {},
    },
  };
  const but = (more: object) => ({ repository: { ...good.repository, ...more } });

  test.each([
    ["all that is asked for", good],
    ["null where GitHub has it", but({ tag: null, base: null, f0: null, tags: { nodes: [] } })],
    ["a part of one type of object", but({ f0: { text: null, isTruncated: null } })],
    ["a field that nobody asked for", { ...good, __proto__: { x: 1 }, more: 7 }],
  ])("has %s", (_, data) => expect(wrongInQuery(query, data)).toBeUndefined());

  test.each([
    [undefined, "the answer is undefined, and not an object"],
    ["<html>", "the answer is a string, and not an object"],
    [[], "the answer is a list, and not an object"],
    [{}, "repository is missing"],
    [{ repository: null }, "repository is null"],
    [but({ tags: null }), "repository.tags is null"],
    [but({ tags: { nodes: {} } }), "repository.tags.nodes is an object, and not a list"],
    [but({ tags: { nodes: [null] } }), "repository.tags.nodes[0] is null, and not an object"],
    [
      but({ tags: { nodes: [{ name: 7, id: 7 }] } }),
      "repository.tags.nodes[0].name is a number, and not a string",
    ],
    [but({ tags: { nodes: [{ name: "x" }] } }), "repository.tags.nodes[0].id is missing"],
    [but({ tags: { nodes: [{ name: null, id: 7 }] } }), "repository.tags.nodes[0].name is null"],
    [but({ tag: { target: null } }), "repository.tag.target is null"],
    [
      but({ tag: { target: { __typename: "Tag", oid: null } } }),
      "repository.tag.target.oid is null",
    ],
    [
      but({ base: { compare: { behindBy: "0" } } }),
      "repository.base.compare.behindBy is a string, and not a number",
    ],
    [but({ f0: { text: ["x"] } }), "repository.f0.text is a list, and not a string"],
    [Object.create(good), "repository is missing"],
  ])("%j: %s", (data, wrong) => expect(wrongInQuery(query, data)).toBe(wrong));
});

describe("an answer of REST", () => {
  const form = "id name? user? { login } assets [id digest?]";
  test.each([
    [form, { id: 1, assets: [] }],
    [form, { id: 1, name: null, user: null, assets: [{ id: 2, digest: null }], more: {} }],
    [form, { id: 1, name: "x", user: { login: "ada" }, assets: [{ id: 2, digest: "y" }] }],
    [`[${form}]`, []],
    [`[${form}]`, [{ id: 1, assets: [] }]],
  ])("%s takes %j", (wanted, data) => expect(wrongInForm(wanted, data)).toBeUndefined());

  test.each([
    [form, "", "the answer is a string, and not an object"],
    [form, null, "the answer is null, and not an object"],
    [form, { id: null, assets: [] }, "id is null"],
    [form, { id: "1", assets: [] }, "id is a string, and not a number"],
    [form, { id: 1 }, "assets is missing"],
    [
      form,
      { id: 1, assets: [{ id: 2, digest: 3 }] },
      "assets[0].digest is a number, and not a string",
    ],
    [form, { id: 1, user: [], assets: [] }, "user is a list, and not an object"],
    [`[${form}]`, { id: 1 }, "the list is an object, and not a list"],
    [`[${form}]`, [7], "the list[0] is a number, and not an object"],
  ])("%s, %j: %s", (wanted, data, wrong) => expect(wrongInForm(wanted, data)).toBe(wrong));
});
